#include "moe/moe_layer.hpp"

#include <algorithm>
#include <numeric>

#include "moe/auxiliary_losses.hpp"
#include "moe/balance.hpp"
#include "ops/kernels.hpp"
#include "ops/rows.hpp"

namespace moelm {

namespace {

HiddenLayers hidden_layers(const MoeConfig& config) {
  return config.recompute ? HiddenLayers::recomputed : HiddenLayers::kept;
}

void append(std::vector<TensorPointer>& to, const std::vector<TensorPointer>& pointers) {
  to.insert(to.end(), pointers.begin(), pointers.end());
}

/// Gradients of each slot's output and of each gate: d output = gate * dy, d gate = <dy, output>.
void combine_backward(Context& context, ConstMatrixView dy, const Matrix& output, MoeCache& cache, Matrix& doutput) {
  cache.routing_gradient.gate.resize(cache.routing.gate.size());
  context.parallel_ranges(dy.rows, kCostlyRowsPerTask, [&](Index begin, Index end) {
    for (Index n = begin; n < end; ++n)
      for (std::size_t p = cache.routing.first_pair(n); p < cache.routing.first_pair(n + 1); ++p) {
        const Index slot = cache.dispatch.slot[p];
        const float* upstream = dy.row(n);
        cache.routing_gradient.gate[p] = kernels().dot(dy.cols, upstream, output.row(slot));
        const bool masked = !cache.masked.empty() && cache.masked[p] != 0;
        kernels().scale(dy.cols, masked ? 0.0f : cache.routing.gate[p], upstream, doutput.row(slot));
      }
  });
}

/// Tells the experts which hidden units a training pass drops, if any. The positions of slots are those of their rows.
void prepare_dropout(double rate, const std::optional<MoeMasks>& masks, RandomStream MoeMasks::*stream,
                     const Dispatch& dispatch, Index first_expert, Index all_experts, ExpertsCache& experts) {
  experts.dropout.reset();
  experts.factors.position.clear();
  if (!masks || rate <= 0) return;
  experts.dropout = HiddenDropout{(*masks).*stream, masks->step, rate, first_expert, all_experts};
  for (const std::int32_t row : dispatch.row)
    experts.factors.position.push_back(masks->positions[static_cast<std::size_t>(row)]);
}

/// What the experts gave for every slot.
Matrix& outputs_of(const MoeParameters& p, MoeCache& cache) {
  return p.exchange.exists() ? cache.home_output : cache.experts.output;
}

/// Rows x of the dispatched pairs through their experts: into outputs_of().
void through_experts(Context& context, const MoeConfig& config, const MoeParameters& p, ConstMatrixView x,
                     MoeCache& cache) {
  const ExpertExchange& exchange = p.exchange;
  ExpertFactors& factors = cache.experts.factors;
  factors.input.resize(config.hidden.size() + 1);
  Matrix& slots = exchange.exists() ? cache.home : factors.input[0];
  slots.reshape(cache.dispatch.slots(), x.cols);
  dispatch_rows(context, cache.dispatch, x, slots);
  prepare_dropout(config.hidden_dropout, cache.masks, &MoeMasks::hidden, cache.dispatch, exchange.first_expert(),
                  config.experts, cache.experts);
  if (!exchange.exists())
    return experts_forward(context, p.own_experts(), cache.dispatch, hidden_layers(config), cache.experts);
  exchange.plan(cache.dispatch, cache.exchange);
  exchange.to_owners(context, Phase::expert_rows, cache.exchange, slots, cache.messages, factors.input[0]);
  if (cache.experts.dropout) exchange.to_owners(cache.exchange, std::vector(factors.position), factors.position);
  experts_forward(context, p.own_experts(), cache.exchange.dispatch, hidden_layers(config), cache.experts);
  exchange.to_homes(context, Phase::expert_outputs, cache.exchange, cache.experts.output, cache.messages,
                    cache.home_output);
}

/// The memory for the gradients of what the experts gave.
Matrix& doutputs_of(const MoeConfig& config, const MoeParameters& p, MoeCache& cache) {
  cache.experts.factors.gradient.resize(config.hidden.size() + 1);
  return p.exchange.exists() ? cache.home : cache.experts.factors.gradient.back();
}

/// From doutputs_of() back through the experts. Returns the gradients of the slots' rows.
const Matrix& back_through_experts(Context& context, const MoeConfig& config, const MoeParameters& p, MoeCache& cache) {
  const ExpertExchange& exchange = p.exchange;
  if (exchange.exists())
    exchange.to_owners(context, Phase::expert_gradients, cache.exchange, cache.home, cache.messages,
                       cache.experts.factors.gradient.back());
  experts_backward(context, p.own_experts(), hidden_layers(config), cache.experts);
  if (!exchange.exists()) return cache.experts.dinput;
  exchange.to_homes(context, Phase::expert_dinputs, cache.exchange, cache.experts.dinput, cache.messages,
                    cache.home_output);
  return cache.home_output;
}

/// Draws which outputs count as zero (expert output masking: Elbayad et al. 2022), and makes them zero.
void mask_outputs(Context& context, double rate, MoeCache& cache, Matrix& output) {
  cache.masked.clear();
  if (!cache.masks || rate <= 0) return;
  const Routing& routing = cache.routing;
  cache.masked.assign(routing.expert.size(), 0);
  context.parallel_ranges(routing.rows, kCostlyRowsPerTask, [&](Index begin, Index end) {
    for (Index n = begin; n < end; ++n)
      for (std::size_t p = routing.first_pair(n); p < routing.first_pair(n + 1); ++p) {
        const float number = cache.masks->outputs.uniform(
            cache.masks->step, cache.masks->positions[static_cast<std::size_t>(n)], routing.expert[p]);
        if (static_cast<double>(number) >= rate) continue;
        cache.masked[p] = 1;
        std::fill_n(output.row(cache.dispatch.slot[p]), output.cols(), 0.0f);
      }
  });
}

/// Every shared expert reads every row: expert s owns slots s N ... (s + 1) N - 1.
void plan_shared(Index rows, Index experts, Dispatch& dispatch) {
  dispatch.offset.resize(static_cast<std::size_t>(experts) + 1);
  dispatch.row.resize(static_cast<std::size_t>(rows * experts));
  for (Index s = 0; s <= experts; ++s) dispatch.offset[static_cast<std::size_t>(s)] = s * rows;
  for (Index s = 0; s < experts; ++s)
    std::iota(dispatch.row.begin() + s * rows, dispatch.row.begin() + (s + 1) * rows, 0);
}

void add_shared_forward(Context& context, const MoeConfig& config, const MoeParameters& p, ConstMatrixView x,
                        MoeCache& cache, MatrixView y) {
  plan_shared(x.rows, config.shared, cache.shared_dispatch);
  cache.shared.factors.input.resize(p.shared[0].matrices());
  cache.shared.factors.input[0].reshape(cache.shared_dispatch.slots(), x.cols);
  dispatch_rows(context, cache.shared_dispatch, x, cache.shared.factors.input[0]);
  prepare_dropout(config.hidden_dropout, cache.masks, &MoeMasks::shared, cache.shared_dispatch, 0, config.shared,
                  cache.shared);
  experts_forward(context, p.shared, cache.shared_dispatch, hidden_layers(config), cache.shared);
  for (Index s = 0; s < config.shared; ++s)
    add(context, cache.shared.output.view().row_range(s * x.rows, (s + 1) * x.rows), y);
}

void add_shared_backward(Context& context, const MoeConfig& config, const MoeParameters& p, ConstMatrixView dy,
                         MoeCache& cache, MatrixView dx) {
  cache.shared.factors.gradient.resize(p.shared[0].matrices());
  cache.shared.factors.gradient.back().reshape(cache.shared_dispatch.slots(), dy.cols);
  dispatch_rows(context, cache.shared_dispatch, dy, cache.shared.factors.gradient.back());
  experts_backward(context, p.shared, hidden_layers(config), cache.shared);
  for (Index s = 0; s < config.shared; ++s)
    add(context, cache.shared.dinput.view().row_range(s * dy.rows, (s + 1) * dy.rows), dx);
}

}  // namespace

LayerTensors moe_tensors(const MoeConfig& config, Index width) {
  const std::string level = config.hierarchical() ? "primary." : "";
  const std::vector<TensorSpec> expert = expert_tensors(config, width);
  return {
      {.tensors = gate_tensors(config.primary_gate(), width, level, config.bias_rate > 0)},
      {.name = "groups",
       .copies = config.groups,
       .copies_per_token = config.hierarchical() ? config.primary_gate().experts_per_token() : 0,
       .tensors = gate_tensors(config.secondary_gate(), width, "", false)},
      {.name = "experts", .copies = config.experts, .copies_per_token = config.experts_per_token(), .tensors = expert},
      {.name = "shared", .copies = config.shared, .copies_per_token = config.shared, .tensors = expert}};
}

std::vector<TensorPointer> tensor_pointers(GatesParameters& gates) {
  std::vector<TensorPointer> pointers = tensor_pointers(gates.primary);
  for (GateParameters& gate : gates.groups) append(pointers, tensor_pointers(gate));
  return pointers;
}

std::vector<TensorPointer> tensor_pointers(MoeParameters& p) {
  std::vector<TensorPointer> pointers = tensor_pointers(p.gates);
  for (auto* experts : {&p.experts, &p.shared})
    for (ExpertParameters& expert : *experts) append(pointers, tensor_pointers(expert));
  return pointers;
}

MoeParameters empty_moe(const MoeConfig& config) {
  MoeParameters p;
  p.gates.groups.resize(static_cast<std::size_t>(config.groups));
  p.experts.resize(static_cast<std::size_t>(config.experts));
  p.shared.resize(static_cast<std::size_t>(config.shared));
  for (auto* experts : {&p.experts, &p.shared})
    for (ExpertParameters& expert : *experts) {
      if (config.weights == DataType::bf16)
        expert.bf16_weight.resize(config.hidden.size() + 1);
      else
        expert.weight.resize(config.hidden.size() + 1);
    }
  return p;
}

std::span<const ExpertParameters> MoeParameters::own_experts() const {
  if (!exchange.exists()) return experts;
  const Index first = exchange.first_expert(),
              last = share_begin(exchange.experts, exchange.ranks->rank() + 1, exchange.ranks->size());
  return std::span(experts).subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(last - first));
}

Index MoeParameters::elements() const {
  const std::span<const ExpertParameters> own = own_experts();
  return own.empty() ? 0 : own[0].elements() * static_cast<Index>(own.size() + shared.size());
}

NoiseSampler gate_noise(const RandomStream& stream, Index step, std::span<const Index> positions) {
  return [stream, step, positions](Index row, Index first, Index count, float* out) {
    kernels().normals(first, count, stream.row(step, positions[static_cast<std::size_t>(row)]), out);
  };
}

void moe_route(Context& context, const MoeConfig& config, const GatesParameters& p, ConstMatrixView x,
               const GatePass& pass, MoeCache& cache) {
  if (config.hierarchical())
    return hierarchical_gate_forward(context, config, p.primary, p.groups, x, pass, cache.hierarchy, cache.routing);
  gate_forward(context, config.primary_gate(), p.primary, x, pass, cache.gate, cache.routing);
  if (has_auxiliary_losses(config)) sum_auxiliary(context, cache.gate, cache.routing.sums);
}

void moe_apply(Context& context, const MoeConfig& config, const MoeParameters& p, ConstMatrixView x, MoeCache& cache,
               MatrixView y) {
  plan_dispatch(cache.routing, cache.dispatch);
  through_experts(context, config, p, x, cache);
  mask_outputs(context, config.mask_outputs, cache, outputs_of(p, cache));
  combine_rows(context, cache.dispatch, cache.routing, outputs_of(p, cache), y);
  if (config.shared > 0) add_shared_forward(context, config, p, x, cache, y);
  cache.masks.reset();
}

void moe_forward(Context& context, const MoeConfig& config, const MoeParameters& p, ConstMatrixView x,
                 const GatePass& pass, MoeCache& cache, MatrixView y) {
  moe_route(context, config, p.gates, x, pass, cache);
  moe_apply(context, config, p, x, cache, y);
}

BalanceLosses balance_losses(const MoeConfig& config, const RoutingSums& sums) {
  BalanceLosses losses;
  if (!config.has_gate()) return losses;
  losses.importance = config.w_importance * cv_squared(sums.importance);
  if (config.smooth_load()) losses.load = config.w_load * cv_squared(sums.load);
  losses.switch_balance = switch_loss(config, sums);
  losses.z = z_loss(config, sums);
  losses.threshold = sums.threshold_loss;
  return losses;
}

void moe_apply_backward(Context& context, const MoeConfig& config, const MoeParameters& p, ConstMatrixView dy,
                        MoeCache& cache, MatrixView dx) {
  Matrix& doutput = doutputs_of(config, p, cache);
  doutput.reshape(cache.dispatch.slots(), dy.cols);
  combine_backward(context, dy, outputs_of(p, cache), cache, doutput);
  dispatch_backward(context, cache.dispatch, cache.routing, back_through_experts(context, config, p, cache), 0, dx);
  if (config.shared > 0) add_shared_backward(context, config, p, dy, cache, dx);
}

void moe_route_backward(Context& context, const MoeConfig& config, const GatesParameters& p, ConstMatrixView x,
                        const RoutingSums& sums, MoeCache& cache, GatesParameters& gradients, MatrixView dx) {
  if (!config.has_gate()) return;
  cache.routing_gradient.importance = cv_squared_gradient(sums.importance, config.w_importance);
  cache.routing_gradient.load = cv_squared_gradient(sums.load, config.smooth_load() ? config.w_load : 0);
  if (config.hierarchical())
    return hierarchical_gate_backward(context, config, p.primary, p.groups, x, cache.routing, cache.routing_gradient,
                                      sums, cache.hierarchy, gradients.primary, gradients.groups, dx);
  gate_backward(context, config.primary_gate(), p.primary, x, cache.routing, cache.routing_gradient, cache.gate,
                gradients.primary, dx, auxiliary_gradient(config, sums, cache.gate));
}

void moe_backward(Context& context, const MoeConfig& config, const MoeParameters& p, ConstMatrixView x,
                  ConstMatrixView dy, const RoutingSums& sums, MoeCache& cache, GatesParameters& gradients,
                  MatrixView dx) {
  moe_apply_backward(context, config, p, dy, cache, dx);
  moe_route_backward(context, config, p.gates, x, sums, cache, gradients, dx);
}

}  // namespace moelm
