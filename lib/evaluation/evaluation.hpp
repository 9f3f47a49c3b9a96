// The perplexity of a split under a stated policy. Validation and moe-eval share this code.
#pragma once

#include <functional>
#include <span>

#include "config/train_config.hpp"
#include "data/dataset.hpp"
#include "evaluation/score_sums.hpp"
#include "evaluation/scorer.hpp"

namespace moelm {

/// About how many tokens are scored together: enough for fast products, few enough to bound memory.
inline constexpr Index kEvaluationTokens = 2048;

/// How a text is scored. `carry` with one stream is exact. More streams cut the text, which is an approximation.
struct EvaluationPolicy {
  StateKind state = StateKind::carry;
  Index streams = 1;
};

/// Called before each batch of an evaluation. Either function may be missing.
struct EvaluationHooks {
  /// If it returns true, Error(stopped) is thrown.
  std::function<bool()> stop;
  /// Receives where the sequences of the batch begin in the text: the number of the first token of each, from 0. The
  /// scorer's observer sees the batch next.
  std::function<void(std::span<const Index> begins)> batch;

  void before_batch(std::span<const Index> begins) const;
};

/// Scores a whole split. `stop` is asked before each batch; if it returns true, Error(stopped) is thrown.
Evaluation evaluate_split(Scorer& scorer, const Dataset& data, Split split, const EvaluationPolicy& policy,
                          const std::function<bool()>& stop = {});

}  // namespace moelm
