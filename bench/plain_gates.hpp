// Noisy top-k gates of a row in plain loops, flat and of two levels, for experts that were chosen already.
#pragma once

#include <vector>

#include "bench/plain.hpp"
#include "moe/moe_layer.hpp"

namespace moelm {

/// Refers to everything that it is made of.
class PlainGates {
 public:
  PlainGates(const MoeConfig& config, const GatesParameters& p, const NoiseSampler& draw)
      : config_(config), p_(p), draw_(draw) {}

  /// The gate of each of the experts, which are in rising order.
  Doubles gates(Index row, const Doubles& x, const std::vector<Index>& experts) const;

  /// Whether the experts, in rising order, are the k greatest, of each level; ties go either way.
  bool greatest(Index row, const Doubles& x, const std::vector<Index>& experts) const;

 private:
  Doubles of_group(Index group, Index row, const Doubles& x, const std::vector<Index>& which) const;
  /// H(x) of equation 4 for some of a gate's outcomes, whose draws are numbered from `first_draw` on.
  Doubles logits(const GateParameters& p, Index first_draw, Index row, const Doubles& x,
                 const std::vector<Index>& which) const;

  const MoeConfig& config_;
  const GatesParameters& p_;
  const NoiseSampler& draw_;
};

}  // namespace moelm
