// Scores a text cut into N streams side by side, each with its own state: exact for one, fast for many.
#pragma once

#include <functional>

#include "evaluation/evaluation.hpp"

namespace moelm {

/// Reads the next `count` tokens of a text and their flags.
using ReadTokens = std::function<void(Index count, std::int32_t* ids, TokenFlag* flags)>;

/// A text of known length that can be read from any token, at several places at once.
struct TokenText {
  Index tokens = 0;
  std::int32_t end_id = 0;
  std::function<ReadTokens(Index position)> open;
};

/// Scores all tokens in `streams` contiguous parts, or fewer if there are fewer tokens.
Evaluation score_streams(Scorer& scorer, const TokenText& text, Index streams, const EvaluationHooks& hooks = {});

}  // namespace moelm
