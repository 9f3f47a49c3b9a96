// Scores lines in the order of the text, exactly under both policies: one carried state, or each line from zero.
#pragma once

#include "batch/line_source.hpp"
#include "evaluation/evaluation.hpp"
#include "evaluation/scored_part.hpp"

namespace moelm {

struct LineScoring {
  StateKind state = StateKind::carry;
  Index max_lines = 0;  ///< maximum number of lines held back; 0: as many as is fast
};

/// Scores all lines of a source. `carry` carries the state from line to line. `reset` scores lines of similar length in
/// batches. Lines are never held back while the source has nothing more to read. Memory is bounded by a window of
/// tokens and one part of kMaxPartTokens.
Evaluation score_lines(Scorer& scorer, LineSource& source, std::int32_t end_id, const LineScoring& how,
                       const ScoredParts& sink = {}, const EvaluationHooks& hooks = {});

}  // namespace moelm
