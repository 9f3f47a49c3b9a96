#include "moe/gate.hpp"

#include <cmath>

#include "base/check.hpp"
#include "moe/balanced_gate.hpp"
#include "moe/noisy_top_k_gate.hpp"
#include "moe/sigmoid_gate.hpp"
#include "moe/softmax_gate.hpp"
#include "moe/top_k_gate.hpp"

namespace moelm {

namespace {

/// One expert needs no gate: every row goes to it with gate 1.
void route_all_to_one(Index rows, Routing& routing) {
  routing.shape(rows, 1, 1);
  routing.expert.assign(static_cast<std::size_t>(rows), 0);
  routing.gate.assign(static_cast<std::size_t>(rows), 1.0f);
  routing.count_pairs();
}

void logits(Context& context, ConstMatrixView x, const Matrix& weight, PackedMatrix& packed, Matrix& out) {
  out.reshape(x.rows, weight.rows());
  packed.pack(context, weight, Transpose::yes, DataType::f32);
  multiply(context, x, packed, 0.0f, out);
}

void logits_backward(Context& context, ConstMatrixView x, const Matrix& weight, PackedMatrix& packed,
                     const Matrix& dlogits, Matrix& dweight, MatrixView dx) {
  packed.pack(context, weight, Transpose::no, DataType::f32);
  multiply(context, dlogits, packed, 1.0f, dx);
  multiply_transposed(context, dlogits, x, 1.0f, dweight, DataType::f32);
}

}  // namespace

std::vector<TensorSpec> gate_tensors(const GateConfig& config, Index width, const std::string& prefix, bool biased) {
  const Index experts = config.has_gate() ? config.experts : 0;
  const auto one_if = [&](bool condition) { return Index{condition && experts > 0}; };
  // A noisy gate starts without a signal and with some noise, so that all experts are equally likely (appendix A).
  return {{.name = prefix + "gate.weight",
           .rows = experts,
           .columns = width,
           .initial = config.noisy() ? InitialValue::zero : InitialValue::normal,
           .scale = 1 / std::sqrt(static_cast<double>(width))},
          {.name = prefix + "noise.weight", .rows = config.noisy() ? experts : 0, .columns = width},
          {.name = prefix + "gate.bias",
           .rows = one_if(biased),
           .columns = experts,
           .gradient = GradientForm::none,
           .vector = true},
          {.name = prefix + "gate.thresholds",
           .rows = one_if(config.kind == GateKind::balanced),
           .columns = experts,
           .initial = InitialValue::constant,
           // The score of every expert where the gate knows nothing.
           .scale = 1 / static_cast<double>(static_cast<float>(config.experts)),
           .group = ParameterGroup::thresholds,
           .vector = true}};
}

void gate_forward(Context& context, const GateConfig& config, const GateParameters& p, ConstMatrixView x,
                  const GatePass& pass, GateCache& cache, Routing& routing) {
  if (!config.has_gate()) return route_all_to_one(x.rows, routing);
  logits(context, x, p.weight, cache.w_gate, cache.clean_logits);
  switch (config.kind) {
    case GateKind::noisy_top_k:
      logits(context, x, p.noise, cache.w_noise, cache.noise_logits);
      return noisy_top_k_forward(context, config, p, pass, cache, routing);
    case GateKind::sigmoid:
      return sigmoid_gate_forward(context, config, p, cache, routing);
    case GateKind::top_k:
      return top_k_forward(context, config, p, cache, routing);
    case GateKind::softmax:
      return softmax_gate_forward(context, config, cache, routing);
    case GateKind::balanced:
      return balanced_gate_forward(context, config, p, pass, cache, routing);
  }
}

void gate_backward(Context& context, const GateConfig& config, const GateParameters& p, ConstMatrixView x,
                   const Routing& routing, const RoutingGradient& gradient, GateCache& cache, GateParameters& gradients,
                   MatrixView dx, const LogitGradient& further) {
  if (!config.has_gate()) return;
  ensure(gradient.gate.size() == routing.gate.size(), "a gradient for every pair");
  cache.dclean_logits.reshape(x.rows, config.experts);
  switch (config.kind) {
    case GateKind::noisy_top_k:
      noisy_top_k_backward(context, config, p, routing, gradient, cache);
      break;
    case GateKind::sigmoid:
      sigmoid_gate_backward(context, routing, gradient, cache);
      break;
    case GateKind::top_k:
      top_k_backward(context, routing, gradient, cache);
      break;
    case GateKind::softmax:
      softmax_gate_backward(context, routing, gradient, cache);
      break;
    case GateKind::balanced:
      balanced_gate_backward(context, routing, gradient, cache, gradients);
      break;
  }
  if (further) context.parallel_for(x.rows, [&](Index n) { further(n, cache.dclean_logits.row(n)); });
  logits_backward(context, x, p.weight, cache.w_gate, cache.dclean_logits, gradients.weight, dx);
  if (config.kind == GateKind::noisy_top_k)
    logits_backward(context, x, p.noise, cache.w_noise, cache.dnoise_logits, gradients.noise, dx);
}

}  // namespace moelm
