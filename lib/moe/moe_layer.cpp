#include "moe/moe_layer.hpp"

#include <numeric>

#include "base/check.hpp"
#include "moe/balance.hpp"
#include "ops/kernels.hpp"

namespace moelm {

namespace {

/// One expert needs no gate: every row goes to it with gate 1.
void route_all_to_one(Index rows, Routing& routing) {
  routing.rows = rows;
  routing.experts = routing.k = 1;
  routing.expert.assign(static_cast<std::size_t>(rows), 0);
  routing.gate.assign(static_cast<std::size_t>(rows), 1.0f);
  routing.importance.assign(1, static_cast<double>(rows));
  routing.load.assign(1, static_cast<double>(rows));
  routing.tokens.assign(1, rows);
}

/// Gradients of each slot's output and of each gate: d output = gate * dy, d gate = <dy, output>.
void backward_through_combine(Context& context, ConstMatrixView dy, MoeCache& cache) {
  const Index k = cache.routing.k;
  Matrix& doutput = cache.experts.gradient.back();
  context.parallel_ranges(dy.rows, 32, [&](Index begin, Index end) {
    for (Index n = begin; n < end; ++n)
      for (Index j = 0; j < k; ++j) {
        const auto pair = static_cast<std::size_t>(n * k + j);
        const Index slot = cache.dispatch.slot[pair];
        cache.routing_gradient.gate(n, j) = kernels().dot(dy.cols, dy.row(n), cache.experts.output.row(slot));
        kernels().scale(dy.cols, cache.routing.gate[pair], dy.row(n), doutput.row(slot));
      }
  });
}

}  // namespace

void draw_gate_noise(Context& context, const RandomStream& stream, Index step, std::span<const Index> positions,
                     Index experts, GateCache& cache) {
  cache.draws.reshape(static_cast<Index>(positions.size()), experts);
  context.parallel_ranges(cache.draws.rows(), 32, [&](Index begin, Index end) {
    for (Index i = begin; i < end; ++i)
      stream.normals(step, positions[static_cast<std::size_t>(i)], experts, cache.draws.row(i));
  });
}

void moe_forward(Context& context, const MoeConfig& config, const MoeParameters& p, ConstMatrixView x, MoeCache& cache,
                 MatrixView y) {
  if (config.gated())
    gate_forward(context, config, p.gate, x, cache.gate, cache.routing);
  else
    route_all_to_one(x.rows, cache.routing);
  plan_dispatch(cache.routing, cache.dispatch);
  cache.experts.input.resize(p.experts[0].weight.size());
  cache.experts.input[0].reshape(cache.dispatch.slots(), x.cols);
  dispatch_rows(context, cache.dispatch, x, cache.experts.input[0]);
  experts_forward(context, p.experts, cache.dispatch, cache.experts);
  combine_rows(context, cache.dispatch, cache.routing.gate.data(), cache.experts.output, y);
}

BalanceLosses balance_losses(const MoeConfig& config, const MoeParameters& p, const Routing& routing) {
  BalanceLosses losses;
  if (!config.gated()) return losses;
  losses.importance = config.w_importance * cv_squared(routing.importance);
  if (smooth_load(config, p.gate)) losses.load = config.w_load * cv_squared(routing.load);
  return losses;
}

void moe_backward(Context& context, const MoeConfig& config, const MoeParameters& p, ConstMatrixView x,
                  ConstMatrixView dy, MoeCache& cache, GateParameters& gate_gradients, MatrixView dx) {
  const Routing& routing = cache.routing;
  cache.routing_gradient.gate.reshape(routing.rows, routing.k);
  cache.experts.gradient.resize(p.experts[0].weight.size());
  cache.experts.gradient.back().reshape(cache.dispatch.slots(), dy.cols);
  backward_through_combine(context, dy, cache);
  experts_backward(context, p.experts, cache.dispatch, cache.experts);
  combine_rows(context, cache.dispatch, nullptr, cache.experts.dinput, dx);
  if (!config.gated()) return;
  cache.routing_gradient.importance = cv_squared_gradient(routing.importance, config.w_importance);
  cache.routing_gradient.load = cv_squared_gradient(routing.load, config.w_load);
  gate_backward(context, config, p.gate, x, routing, cache.routing_gradient, cache.gate, gate_gradients, dx);
}

}  // namespace moelm
