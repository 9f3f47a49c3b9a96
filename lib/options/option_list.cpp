#include "options/option_list.hpp"

#include <cmath>

#include "base/quantity.hpp"
#include "options/config_keys.hpp"

namespace moelm {

namespace {

std::string allowed(const ConfigKey& key) {
  std::string text;
  for (const std::string& value : key.values) text += (text.empty() ? "" : ", ") + value;
  const bool has_min = std::isfinite(key.option.min), has_max = std::isfinite(key.option.max);
  if (has_min && has_max) return format_number(key.option.min) + " to " + format_number(key.option.max);
  if (has_min) return "at least " + format_number(key.option.min);
  return text;
}

std::string default_text(const Json& value) { return value.is_string() ? value.get<std::string>() : json_text(value); }

OptionEntry entry(const std::string& section, const ConfigKey& key) {
  return {section,      key.name,        default_text(key.get()), key.option.unit,
          allowed(key), key.option.help, key.option.may_change};
}

}  // namespace

std::vector<OptionEntry> list_options() {
  std::vector<OptionEntry> entries;
  for (const std::string& type : layer_types()) {
    LayerConfig layer = make_layer(type, "type", Exit::internal);
    for (const ConfigKey& key : layer_keys(layer, "model.layers.N.")) entries.push_back(entry(type, key));
  }
  RunConfig config;
  for (const ConfigKey& key : config_keys(config))
    entries.push_back(entry(key.name.substr(0, key.name.find('.')), key));
  return entries;
}

}  // namespace moelm
