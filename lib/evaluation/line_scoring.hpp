// Scores of lines in the order of the text, exact under both policies: one carried state, or every line from zero.
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
  Index begin = 0;  ///< number of its first token in the text, from 0
  std::vector<double> nll;
};

/// Receives parts in the order of the text, as soon as they are known.
using ScoredParts = std::function<void(std::span<const ScoredPart>)>;

struct LineScoring {
  StateKind state = StateKind::carry;
  Index most_lines = 0;  ///< lines held back at most, 0: as many as is fast
};

/// Scores all lines of a source: `carry` from one line into the next, `reset` in batches of lines of similar length.
/// Lines are never held back while the source has nothing more to read. Memory is bounded by a window of tokens and a
/// line of kMaxPartTokens.
Evaluation score_lines(Scorer& scorer, LineSource& source, std::int32_t end_id, const LineScoring& how,
                       const ScoredParts& sink = {}, const EvaluationHooks& hooks = {});

}  // namespace moelm
