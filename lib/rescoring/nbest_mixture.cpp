#include "rescoring/nbest_mixture.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/quantity.hpp"

namespace moelm {

NbestMixture::NbestMixture(std::span<const std::string> weights) {
  for (const std::string& text : weights) {
    const std::size_t sign = text.rfind('=');
    const auto weight =
        sign == std::string::npos || sign == 0 ? std::nullopt : parse_number(std::string_view(text).substr(sign + 1));
    if (!weight) throw Error(Exit::usage, "--weight: expected NAME=NUMBER, found " + excerpt(text));
    const std::string name = text.substr(0, sign);
    const auto same = [&](const Weight& w) { return w.name == name; };
    if (std::any_of(weights_.begin(), weights_.end(), same))
      throw Error(Exit::usage, "--weight: expected one of " + excerpt(name) + ", found two");
    weights_.push_back({name, *weight});
  }
  const auto is_model = [](const Weight& w) { return w.name == kModelScore; };
  if (!weights_.empty() && std::none_of(weights_.begin(), weights_.end(), is_model))
    throw Error(Exit::usage, "--weight: expected a weight of the run's score too, such as " + std::string(kModelScore) +
                                 "=1, found none");
}

std::vector<std::string_view> score_names(NbestFormat format) {
  std::vector<std::string_view> names = {kModelScore, "words"};
  if (format == NbestFormat::srilm) names.insert(names.end(), {"ascore", "lscore", "score"});
  return names;
}

void NbestMixture::require_names(NbestFormat format) const {
  if (format == NbestFormat::moses) return;
  const std::vector<std::string_view> names = score_names(format);
  for (const Weight& w : weights_) {
    if (std::find(names.begin(), names.end(), w.name) != names.end()) continue;
    std::string known;
    for (const std::string_view name : names) known += (known.empty() ? "" : ", ") + std::string(name);
    throw Error(Exit::usage,
                "--weight: expected a score of a list of " + std::string(enum_name(format)) + " (" + known +
                    "), found " + excerpt(w.name) +
                    (format == NbestFormat::kaldi
                         ? "; docs/formats.md shows how to use the costs that Kaldi keeps in files of their own"
                         : ""));
  }
}

double NbestMixture::total(const Hypothesis& hypothesis, double model) const {
  if (!given()) return model;
  double sum = 0;
  for (const Weight& w : weights_) sum += w.weight * (w.name == kModelScore ? model : hypothesis.value(w.name));
  return sum;
}

}  // namespace moelm
