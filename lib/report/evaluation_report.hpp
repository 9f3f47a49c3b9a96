// The summary of an evaluation, for people and as JSON with the keys that scripts rely on.
#pragma once

#include <string>

#include "evaluation/text_evaluation.hpp"
#include "io/json.hpp"
#include "tokenizer/tokenizer.hpp"

namespace moelm {

/// An evaluation, and what was evaluated how.
struct EvaluationReport {
  TextEvaluation result;
  std::string text_name;   ///< "data/, split test", a file, "standard input"
  std::string tokenizer;   ///< "text, 9,069 tokens"
  std::string checkpoint;  ///< path
  Index step = 0;
  EvaluationPolicy policy;
  bool has_unknown = true;  ///< whether the tokenizer has an unknown token
  std::string dtype = "f32";
  double seconds = 0;
};

/// Every convention that a perplexity depends on, in one line: "state=carry streams=1 (exact) ...".
std::string policy_line(const EvaluationReport& report);

/// Lines of "name  value"; texts of strangers are escaped.
std::string evaluation_text(const EvaluationReport& report);

/// One object, "type": "summary". What has no value for lack of text is null.
Json evaluation_json(const EvaluationReport& report);

}  // namespace moelm
