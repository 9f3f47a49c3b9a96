// Hierarchical gating (section 1.3 and appendix B): a primary gate chooses groups, a secondary gate in each of them
// experts; the gate of a pair is the product of both (equation 12). A secondary gate sees only the rows that were sent
// to its group, so the cost grows with the groups chosen.
#pragma once

#include <span>
#include <vector>

#include "moe/dispatch.hpp"
#include "moe/gate.hpp"

namespace moelm {

/// Memory of both levels. For one pass at a time, whose threads share it.
struct HierarchyCache {
  GateCache primary_gate;
  Routing primary;               ///< over the groups
  Dispatch groups;               ///< rows of each group, side by side
  Matrix x;                      ///< those rows, [N k_groups, D]
  std::vector<GateCache> gate;   ///< of each group
  std::vector<Routing> routing;  ///< over the experts of each group, of its rows
  RoutingGradient dprimary;
  std::vector<RoutingGradient> drouting;
  Matrix dx;  ///< gradient of `x`
};

/// Sends x [N, D] to the experts of chosen groups; overwrites `routing`, whose experts are global: e = group * B + j.
/// `pass.sample_noise` numbers the draws of a row: experts by their global number, then the groups.
void hierarchical_gate_forward(Context& context, const MoeConfig& config, const GateParameters& primary,
                               std::span<const GateParameters> groups, ConstMatrixView x, const GatePass& pass,
                               HierarchyCache& cache, Routing& routing);

/// Backward of the pass that filled the cache: adds to the gradients of both levels and to dx. `sums` are those of the
/// whole step, which the gradients in `gradient` belong to.
void hierarchical_gate_backward(Context& context, const MoeConfig& config, const GateParameters& primary,
                                std::span<const GateParameters> groups, ConstMatrixView x, const Routing& routing,
                                const RoutingGradient& gradient, const RoutingSums& sums, HierarchyCache& cache,
                                GateParameters& dprimary, std::span<GateParameters> dgroups, MatrixView dx);

}  // namespace moelm
