// Scores token sequences with a model: the code shared by validation, moe-eval and moe-stats.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/context.hpp"
#include "batch/pack_sequences.hpp"
#include "model/language_model.hpp"

namespace moelm {

/// Sees every scored batch. The cache holds its routing, and row r predicts the token that origin[r] names.
using ScoreObserver = std::function<void(const Batch& batch, std::span<const RowOrigin> origin, const ModelCache& cache,
                                         std::span<const double> nll)>;

/// May replace the scores of a batch before they are used. The cache holds the pass of the trained model.
using ScoreAdapter = std::function<void(const Batch& batch, const ModelCache& cache, std::span<double> nll)>;

/// Full softmax, no dropout, no gate noise. Owns the memory of its passes. Not thread-safe.
class Scorer {
 public:
  /// The model must outlive the scorer and must not change, because its weights are packed once.
  Scorer(Context& context, const ModelConfig& config, const ModelParameters& parameters);

  void observe(ScoreObserver observer) { observer_ = std::move(observer); }
  /// An empty adapter leaves the scores as they are.
  void adapt(ScoreAdapter adapter) { adapter_ = std::move(adapter); }

  /// nll[i][t] = -ln p(token t of sequence i | all tokens before it), in nats. `previous[i]` is the token before
  /// sequence i, and `state` is the recurrent state after that token. Both are advanced past the sequences, which may
  /// have any lengths and order.
  void score(TokenSequences sequences, std::vector<std::int32_t>& previous, ModelState& state,
             std::vector<std::vector<double>>& nll);

  /// Puts `count` sequences at their start: zero state, and `</s>` as the token before.
  void restart(std::size_t count, std::int32_t end_id, std::vector<std::int32_t>& previous, ModelState& state) const;

 private:
  Context& context_;
  const ModelConfig& config_;
  const ModelParameters& parameters_;
  ModelCache cache_;
  PackedSequences packed_;
  ScoreObserver observer_;
  ScoreAdapter adapter_;
};

}  // namespace moelm
