// The sums of a scored text as JSON, with the keys that moe-eval and moe-ngram share.
#pragma once

#include <string>

#include "evaluation/score_sums.hpp"
#include "io/json.hpp"

namespace moelm {

/// An object that begins with "type": "summary". A mean over nothing is null. `text_name` names the scored text.
Json score_summary(const std::string& text_name, const TextEvaluation& result);

}  // namespace moelm
