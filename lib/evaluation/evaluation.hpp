// The perplexity of a split under a stated policy; validation and moe-eval are this same code.
#pragma once

#include <functional>
#include <span>
#include <string>

#include "config/train_config.hpp"
#include "data/dataset.hpp"
#include "evaluation/scorer.hpp"

namespace moelm {

/// Tokens scored together, about: enough for fast products, few enough to bound memory.
inline constexpr Index kEvaluationTokens = 2048;

/// How a text is scored: `carry` with one stream is exact; more streams cut the text and are an approximation.
struct EvaluationPolicy {
  StateKind state = StateKind::carry;
  Index streams = 1;
};

/// Sums over scored tokens, in nats. Words, bytes and unknown words are the text's own.
struct Evaluation {
  Index tokens = 0;     ///< predicted, `</s>` included
  Index sentences = 0;  ///< `</s>` predicted
  Index oov = 0;        ///< predicted tokens that stand for words the vocabulary lacks
  Index unk = 0;        ///< predicted literal `<unk>`
  double nll = 0;
  double nll_oov = 0;
  double nll_eos = 0;

  void add(std::int32_t token, TokenFlag flag, std::int32_t end_id, double nll_of_token);
  double mean_nll() const { return tokens > 0 ? nll / static_cast<double>(tokens) : 0; }
  double perplexity() const;
};

/// Error(diverged) where the perplexity is no finite number: weights that were learned so badly have no score. `text`
/// is what was scored.
void require_finite(const Evaluation& evaluation, const std::string& text);

/// What an evaluation is asked and tells on its way, batch by batch. Either function may be missing.
struct EvaluationHooks {
  /// Asked before each batch; where it answers true, Error(stopped) is thrown.
  std::function<bool()> stop;
  /// Told before each batch where in the text its sequences begin: the number of each one's first token, from 0. The
  /// scorer's observer sees the batch next.
  std::function<void(std::span<const Index> begins)> batch;

  void before_batch(std::span<const Index> begins) const;
};

/// Scores a whole split. `stop` is asked between batches; where it answers true, Error(stopped) is thrown.
Evaluation evaluate_split(Scorer& scorer, const Dataset& data, Split split, const EvaluationPolicy& policy,
                          const std::function<bool()>& stop = {});

}  // namespace moelm
