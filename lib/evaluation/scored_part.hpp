// A part of a line with the scores of its tokens, from a neural model or an n-gram.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "batch/line_source.hpp"

namespace moelm {

/// A part of a line and nll[i] = -ln p of its token i, in nats.
struct ScoredPart {
  LinePart part;
  Index begin = 0;  ///< position of its first token in the text, from 0
  std::vector<double> nll;
};

/// Receives parts in the order of the text, as soon as their scores are known.
using ScoredParts = std::function<void(std::span<const ScoredPart>)>;

}  // namespace moelm
