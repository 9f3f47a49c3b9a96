// Noisy top-k gates of a row in plain loops, flat and hierarchical, for given experts.
#pragma once

#include <vector>

#include "bench/plain.hpp"
#include "moe/moe_layer.hpp"

namespace moelm {

/// Keeps references to its arguments.
class PlainGates {
 public:
  PlainGates(const MoeConfig& config, const GatesParameters& p, const NoiseSampler& draw)
      : config_(config), p_(p), draw_(draw) {}

  /// The gate of each expert; experts are in ascending order.
  Doubles gates(Index row, const Doubles& x, const std::vector<Index>& experts) const;

  /// Whether the experts, in ascending order, are the k largest of each level. Ties may go either way.
  bool are_top_k(Index row, const Doubles& x, const std::vector<Index>& experts) const;

 private:
  Doubles group_logits(Index group, Index row, const Doubles& x, const std::vector<Index>& which) const;
  /// H(x) of equation 4 for some outcomes of a gate. Its noise is numbered from `first_draw` on.
  Doubles logits(const GateParameters& p, Index first_draw, Index row, const Doubles& x,
                 const std::vector<Index>& which) const;

  const MoeConfig& config_;
  const GatesParameters& p_;
  const NoiseSampler& draw_;
};

}  // namespace moelm
