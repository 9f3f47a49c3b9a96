// The report as JSON, with the keys that scripts rely on (docs/formats.md).
#pragma once

#include "io/json.hpp"
#include "statistics/expert_report.hpp"

namespace moelm {

/// tokens, perplexity, facts, classes, layers: [{layer, experts, k, k_mean, tokens, importance, load, load_kind,
/// cv_importance, cv_load, max_over_mean_load, max_over_mean_tokens, dead, ..., experts_detail: [...]}]. sum(tokens) =
/// k_mean x tokens. Texts are valid UTF-8: other bytes of tokens become `\x9b`.
Json json_report(const StatisticsReport& report);

}  // namespace moelm
