// Steps a model from token to token: what generation and rescoring are made of. The caller owns the states, and may
// copy them where texts branch.
#pragma once

#include <cstdint>
#include <span>

#include "base/context.hpp"
#include "model/next_token.hpp"

namespace moelm {

/// Full softmax, no dropout, no gate noise: the probabilities are those of Scorer. Owns the memory of its passes. Not
/// thread-safe.
class Predictor {
 public:
  /// The model must outlive the predictor and must not change, because its weights are packed once.
  Predictor(Context& context, const ModelConfig& config, const ModelParameters& parameters);

  Index vocabulary() const;

  /// The zero state of `streams` streams, from which `</s>` is read first. ModelState::select copies streams.
  ModelState start(Index streams) const;

  /// Reads tokens[b], an id of the vocabulary, in stream b and carries `state` on. REQUIRES one token for each stream,
  /// at least one.
  void read(std::span<const std::int32_t> tokens, ModelState& state);

  /// ln p of every token to come next in each stream of the last read(), in nats: [streams, V]. Valid until the next
  /// call of a function.
  ConstMatrixView log_probabilities();

  /// nll[i] = -ln p of next[i], in nats: a token to come next in stream next[i].row of the last read(). Faster than
  /// log_probabilities() where few tokens are asked for, and without their rounding to float.
  void score(std::span<const NextToken> next, std::span<double> nll);

  /// Which experts of a layer the tokens of the last read() were sent to, a row per stream; null if it is no MoE layer.
  const Routing* routing(std::size_t layer) const { return routing_of(cache_, layer); }

 private:
  Context& context_;
  const ModelConfig& config_;
  const ModelParameters& parameters_;
  ModelCache cache_;
  Batch batch_;
  Matrix log_probabilities_;
};

}  // namespace moelm
