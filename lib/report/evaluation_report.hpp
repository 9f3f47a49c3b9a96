// The summary of an evaluation, for people and as JSON with the keys that scripts rely on.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "adaptation/adaptation.hpp"
#include "evaluation/rank_counts.hpp"
#include "evaluation/text_evaluation.hpp"
#include "io/json.hpp"
#include "model_files/model_store.hpp"

namespace moelm {

/// An evaluation, and what was evaluated how.
struct EvaluationReport {
  TextEvaluation result;
  std::string text_name;   ///< "data/, split test", a file, "standard input"
  std::string tokenizer;   ///< "text, 9,069 tokens"
  std::string checkpoint;  ///< path
  Index step = 0;
  EvaluationPolicy policy;
  Adaptation adaptation;
  std::optional<RankCounts> ranks;  ///< of the trained model, if they were counted
  bool has_unknown = true;          ///< whether the tokenizer has an unknown token
  bool unknown_seen = true;         ///< whether the training text has held it
  std::string dtype = "f32";
  double seconds = 0;
};

/// The report of an evaluation that has not begun: model, policy and arithmetic.
EvaluationReport empty_report(const LoadedModel& model, const EvaluationPolicy& policy, DataType dtype);

/// A sentence for each thing in the text that its reader should know, none for a sound text.
std::vector<std::string> evaluation_notes(const EvaluationReport& report);

/// The perplexity of the same tokens under the trained model alone.
double static_perplexity(const EvaluationReport& report);

/// Every convention that the perplexity depends on, in one line: "state=carry streams=1 (exact) ...".
std::string policy_line(const EvaluationReport& report);

/// Lines of "name  value". Names from outside are escaped.
std::string evaluation_text(const EvaluationReport& report);

/// One object, "type": "summary". A mean over nothing is null.
Json evaluation_json(const EvaluationReport& report);

}  // namespace moelm
