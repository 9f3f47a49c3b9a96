// Scores lines in the order of the text, exactly under both policies: one carried state, or each line from zero.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "batch/line_source.hpp"
#include "evaluation/evaluation.hpp"

namespace moelm {

/// A part of a line and nll[i] = -ln p of its token i, in nats.
struct ScoredPart {
  LinePart part;
  Index begin = 0;  ///< position of its first token in the text, from 0
  std::vector<double> nll;
};

/// Receives parts in the order of the text, as soon as their scores are known.
using ScoredParts = std::function<void(std::span<const ScoredPart>)>;

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
