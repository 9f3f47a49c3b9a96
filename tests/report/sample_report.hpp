// A report over synthetic text. The caller chooses the text of tokens, labels, facts and names.
#pragma once

#include <functional>
#include <string>

#include "statistics/expert_report.hpp"
#include "support/random_routing.hpp"

namespace moelm {

/// `name` gives the text of every token and label by number.
inline StatisticsReport sample_report(const TextShape& shape, const std::function<std::string(Index)>& name) {
  const RoutedText text = random_routing(shape, 1);
  TextAccess access;
  access.token_text = [&](std::int32_t id) { return name(id); };
  access.tokens = [&](Index begin, Index count, std::vector<std::int32_t>& out) {
    out.assign(text.token.begin() + begin, text.token.begin() + begin + count);
  };
  access.rows = shape.rows;
  StatisticsReport report;
  report.title = "Expert report " + name(0);
  report.facts = {{"run", name(1)}, {"text", name(2)}};
  report.tokens = shape.rows;
  report.perplexity = 36.5;
  report.class_kind = "label";
  report.classes_of_tokens = false;
  for (Index l = 0; l < shape.labels; ++l) report.class_names.push_back(name(100 + l));
  StatisticsOptions options;
  options.layer = 2;
  report.layers.push_back(describe_layer(accumulate(text, shape, options), access));
  return report;
}

}  // namespace moelm
