// The MoE layer over all positions of a batch at once: gate, dispatch, experts, combine (equation 1; with groups
// equation 12).
//   y = sum_i G(x)_i E_i(x) + sum over the shared experts of E_s(x)
// In training hidden units may be dropped, and the outputs of pairs of a row and a routed expert may count as zero.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/context.hpp"
#include "base/random.hpp"
#include "moe/dispatch.hpp"
#include "moe/expert_exchange.hpp"
#include "moe/experts.hpp"
#include "moe/gate.hpp"
#include "moe/hierarchical_gate.hpp"

namespace moelm {

/// The gates of a layer, as weights and as gradients.
struct GatesParameters {
  GateParameters primary;              ///< of a flat layer, or the primary gate of a hierarchy
  std::vector<GateParameters> groups;  ///< the secondary gates of a hierarchy
};

struct MoeParameters {
  GatesParameters gates;
  std::vector<ExpertParameters> experts;  ///< those of other ranks are empty
  std::vector<ExpertParameters> shared;
  ExpertExchange exchange = {};  ///< with the other ranks, if there are any

  /// The routed experts whose weights are here: all, or this rank's share.
  std::span<const ExpertParameters> own_experts() const;
  /// Weights of all experts that are here.
  Index elements() const;
};

/// The tensors of the layer, and their places in the parameters in the same order: gates first, so that
/// tensor_pointers(gates) are the first of them.
LayerTensors moe_tensors(const MoeConfig& config, Index width);
std::vector<TensorPointer> tensor_pointers(GatesParameters& gates);
std::vector<TensorPointer> tensor_pointers(MoeParameters& p);

/// Gates and experts of the right number, whose tensors are all empty.
MoeParameters empty_moe(const MoeConfig& config);

/// The random numbers of a training pass beside those of the gate, for rows at these positions of the step.
struct MoeMasks {
  RandomStream outputs, hidden, shared;  ///< of masked outputs, of hidden units, and of those of shared experts
  Index step;
  std::span<const Index> positions;
};

/// What backward and the expert optimizer need, and the memory of a pass. For one pass at a time, whose threads share
/// it.
struct MoeCache {
  GateCache gate;            ///< of a flat layer
  HierarchyCache hierarchy;  ///< of a hierarchical layer
  Routing routing;
  Dispatch dispatch;
  ExpertsCache experts;
  Dispatch shared_dispatch;
  ExpertsCache shared;
  RoutingGradient routing_gradient;
  std::optional<MoeMasks> masks;  ///< for callers: in training, for one forward pass, because the positions are theirs
  ExchangePlan exchange;          ///< of the pass, where experts are on other ranks, with its memory:
  Matrix home, home_output;       ///< rows of the slots, results for the slots
  ExchangeMemory messages;        ///< rows on their journey
  std::vector<std::uint8_t> masked;  ///< whether the output of a pair counts as zero, [pairs]; empty: none does
};

/// The losses of a pass beside the language model's, each with its weight already in it.
struct BalanceLosses {
  double importance = 0;      ///< w_importance CV^2(Importance), equation 7
  double load = 0;            ///< w_load CV^2(Load), equation 11
  double switch_balance = 0;  ///< the Switch Transformer's
  double z = 0;
  double threshold = 0;  ///< equation 20; trains only thresholds and is not part of the total

  double total() const { return importance + load + switch_balance + z; }
};

/// Draws of a stream for rows at the given positions of a step: columns are experts by their global number, then
/// groups.
NoiseSampler gate_noise(const RandomStream& stream, Index step, std::span<const Index> positions);

/// y [N, D] = the combined output for x [N, D]: moe_route, then moe_apply.
void moe_forward(Context& context, const MoeConfig& config, const MoeParameters& parameters, ConstMatrixView x,
                 const GatePass& pass, MoeCache& cache, MatrixView y);

/// Backward pass of the loss and the balancing losses: moe_apply_backward, then moe_route_backward.
void moe_backward(Context& context, const MoeConfig& config, const MoeParameters& parameters, ConstMatrixView x,
                  ConstMatrixView dy, const RoutingSums& sums, MoeCache& cache, GatesParameters& gradients,
                  MatrixView dx);

/// The gates: sends x [N, D] to experts, into cache.routing.
void moe_route(Context& context, const MoeConfig& config, const GatesParameters& gates, ConstMatrixView x,
               const GatePass& pass, MoeCache& cache);

/// The experts: y [N, D] = the combined output of those that cache.routing has for x [N, D]. With several ranks all of
/// them call it, whatever their rows, because their experts work for the others too.
void moe_apply(Context& context, const MoeConfig& config, const MoeParameters& parameters, ConstMatrixView x,
               MoeCache& cache, MatrixView y);

/// Backward of moe_apply: overwrites dx [N, D] and cache.routing_gradient.gate. The factors of the experts' gradients
/// stay in cache.experts.factors and cache.shared.factors.
void moe_apply_backward(Context& context, const MoeConfig& config, const MoeParameters& parameters, ConstMatrixView dy,
                        MoeCache& cache, MatrixView dx);

/// Backward of moe_route, from cache.routing_gradient.gate: adds to the gates' gradients and to dx [N, D]. `sums` are
/// the sums of the whole step; this pass may be one part of it.
void moe_route_backward(Context& context, const MoeConfig& config, const GatesParameters& gates, ConstMatrixView x,
                        const RoutingSums& sums, MoeCache& cache, GatesParameters& gradients, MatrixView dx);

/// The losses of a step with these sums.
BalanceLosses balance_losses(const MoeConfig& config, const RoutingSums& sums);

}  // namespace moelm
