// Scores of token sequences by a model: the one piece of code behind validation, moe-eval and moe-stats.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/context.hpp"
#include "model/language_model.hpp"

namespace moelm {

/// Where each row of a batch came from: sequence and place within what was given to score().
struct RowOrigin {
  std::size_t sequence;
  Index place;
};

/// Sees every batch after it was scored: routing is in the cache, origin[r] tells which token row r predicts.
using ScoreObserver = std::function<void(const Batch& batch, std::span<const RowOrigin> origin, const ModelCache& cache,
                                         std::span<const double> nll)>;

/// Full softmax, no dropout, no gate noise. Owns the memory of its passes; one thread at a time.
class Scorer {
 public:
  /// Refers to the model, which must outlive it and not change meanwhile: its weights are packed once.
  Scorer(Context& context, const ModelConfig& config, const ModelParameters& parameters);

  void observe(ScoreObserver observer) { observer_ = std::move(observer); }

  /// nll[i][t] = -ln p(sequence i's token t | what came before), in nats. `previous[i]` is the token before sequence i
  /// and `state` what the model remembers of it; both are carried on. Sequences may have any lengths and order.
  void score(std::span<const std::span<const std::int32_t>> sequences, std::vector<std::int32_t>& previous,
             ModelState& state, std::vector<std::vector<double>>& nll);

  /// Zero state and `</s>` before each of `count` sequences.
  void restart(std::size_t count, std::int32_t end_id, std::vector<std::int32_t>& previous, ModelState& state) const;

 private:
  Context& context_;
  const ModelConfig& config_;
  const ModelParameters& parameters_;
  ModelCache cache_;
  Batch batch_;
  ScoreObserver observer_;
};

}  // namespace moelm
