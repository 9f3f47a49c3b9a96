// The MoE layer over all positions of a batch at once: gate, dispatch, experts, combine (equation 1).
//   y = sum_i G(x)_i E_i(x)
#pragma once

#include <vector>

#include "base/context.hpp"
#include "base/random.hpp"
#include "moe/dispatch.hpp"
#include "moe/experts.hpp"
#include "moe/gate.hpp"

namespace moelm {

struct MoeParameters {
  GateParameters gate;
  std::vector<ExpertParameters> experts;
};

/// What backward and the expert optimizer need, and the memory of a pass; one a worker.
struct MoeCache {
  GateCache gate;
  Routing routing;
  Dispatch dispatch;
  ExpertsCache experts;
  RoutingGradient routing_gradient;
};

/// The balancing losses of a pass, each with its weight already in it.
struct BalanceLosses {
  double importance = 0;  ///< w_importance CV^2(Importance), equation 7
  double load = 0;        ///< w_load CV^2(Load), equation 11
};

/// Draws the gate noise of rows at the given positions into cache.gate.draws.
void draw_gate_noise(Context& context, const RandomStream& stream, Index step, std::span<const Index> positions,
                     Index experts, GateCache& cache);

/// y [N, D] = the combined output for x [N, D]. Noise is what cache.gate.draws holds (empty: none).
void moe_forward(Context& context, const MoeConfig& config, const MoeParameters& parameters, ConstMatrixView x,
                 MoeCache& cache, MatrixView y);

/// The losses of the routing in the cache.
BalanceLosses balance_losses(const MoeConfig& config, const MoeParameters& parameters, const Routing& routing);

/// Backward of loss + balance losses: adds to the gate's gradients, overwrites dx [N, D], and leaves in cache.experts
/// what each expert's gradient is made of.
void moe_backward(Context& context, const MoeConfig& config, const MoeParameters& parameters, ConstMatrixView x,
                  ConstMatrixView dy, MoeCache& cache, GateParameters& gate_gradients, MatrixView dx);

}  // namespace moelm
