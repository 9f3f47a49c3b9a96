#include "adaptation/adaptation.hpp"

#include "base/quantity.hpp"

namespace moelm {

std::string Adaptation::kind() const {
  if (!active()) return "static";
  return !cache ? "dynamic" : dynamic ? "dynamic+cache" : "cache";
}

std::string adaptation_label(const Adaptation& a) {
  std::string text = "evaluation=" + a.kind();
  if (a.dynamic)
    text += " segment=" + std::to_string(a.dynamic->segment) + " lr=" + format_number(a.dynamic->lr) +
            " decay=" + format_number(a.dynamic->decay);
  if (a.cache)
    text += " n=" + std::to_string(a.cache->window) + " theta=" + format_number(a.cache->theta) +
            " lambda=" + format_number(a.cache->lambda);
  if (!a.chosen_on.empty()) text += " chosen-on=" + a.chosen_on;
  return text;
}

Json adaptation_json(const Adaptation& a) {
  Json json = {{"kind", a.kind()}, {"cache", nullptr}, {"dynamic", nullptr}, {"chosen_on", nullptr}};
  if (a.cache) json["cache"] = {{"n", a.cache->window}, {"theta", a.cache->theta}, {"lambda", a.cache->lambda}};
  if (a.dynamic)
    json["dynamic"] = {{"segment", a.dynamic->segment}, {"lr", a.dynamic->lr}, {"decay", a.dynamic->decay}};
  if (!a.chosen_on.empty()) json["chosen_on"] = a.chosen_on;
  return json;
}

}  // namespace moelm
