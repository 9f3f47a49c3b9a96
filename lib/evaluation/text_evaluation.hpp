// The work of moe-eval: scores a text file, a pipe or a split, with facts of the text.
#pragma once

#include "batch/text_lines.hpp"
#include "evaluation/line_scoring.hpp"
#include "evaluation/score_sums.hpp"

namespace moelm {

/// How a text is scored, and who receives the scores of its parts.
struct TextScoring {
  EvaluationPolicy policy;
  Index max_lines = 0;        ///< maximum number of lines held back; 0: chosen for speed
  bool keep_surface = false;  ///< whether the sink is given the words of the text as they stand there
  ScoredParts sink;           ///< REQUIRES a single stream
};

/// Scores a text with the model's tokenizer. With more than one stream the tokens are first written to an unlinked file
/// in the directory for temporary files. Error(bad_data) for a text without tokens.
TextEvaluation evaluate_text(Scorer& scorer, const Tokenizer& tokenizer, TextSource& source, const TextScoring& how);

/// Scores a split. Error(bad_data) if it is empty.
TextEvaluation evaluate_data(Scorer& scorer, const Dataset& data, Split split, const TextScoring& how);

}  // namespace moelm
