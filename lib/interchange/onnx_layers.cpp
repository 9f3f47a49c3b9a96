#include "interchange/onnx_layers.hpp"

#include <cstdint>
#include <limits>

namespace moelm {

namespace {

std::string numbered(const std::string& prefix, Index number) { return prefix + std::to_string(number); }

}  // namespace

std::string OnnxLayers::weight(const std::string& tensor) {
  constexpr Index kFloat = 1;
  return halves_.contains(tensor) ? graph_.add("Cast", {tensor}, {{"to", kFloat}}) : tensor;
}

std::string OnnxLayers::linear(const std::string& x, const std::string& weight, const std::string& bias) {
  std::vector<std::string> inputs = {x, weight};
  if (!bias.empty()) inputs.push_back(bias);
  return graph_.add("Gemm", inputs, {{"transB", Index{1}}});
}

// LSTM

std::string OnnxLayers::lstm(const std::string& layer, const LstmConfig& config, const std::string& x, Index inputs,
                             const std::string& steps_and_streams, OnnxState& state) {
  if (has(layer + "weight_hr")) return projected_lstm(layer, config, x, steps_and_streams, state);
  const std::string shape = graph_.add("Concat", {steps_and_streams, graph_.integers({inputs})}, {{"axis", Index{0}}});
  const std::string y = plain_lstm(layer, config.cells, graph_.add("Reshape", {x, shape}), state);
  return graph_.add("Reshape", {y, graph_.integers({-1, config.cells})});
}

/// The operator LSTM has the gates in the order i, o, f, g, along the first axis.
std::string OnnxLayers::reordered(const std::string& weight) {
  const std::vector<std::string> parts = graph_.add_many("Split", 4, {weight}, {{"axis", Index{0}}});
  return graph_.add("Concat", {parts[0], parts[3], parts[1], parts[2]}, {{"axis", Index{0}}});
}

std::string OnnxLayers::plain_lstm(const std::string& layer, Index cells, const std::string& x, OnnxState& state) {
  const std::string direction = graph_.integers({0});
  const auto of_direction = [&](const std::string& value) { return graph_.add("Unsqueeze", {value, direction}); };
  const auto of_layer = [&](const std::string& value) { return graph_.add("Squeeze", {value, direction}); };
  const std::string bias = reordered(layer + "bias");  // of the inputs; that of the recurrence is zero
  const std::string no_bias = graph_.add("Sub", {bias, bias});
  const std::string both = graph_.add("Concat", {bias, no_bias}, {{"axis", Index{0}}});
  const std::vector<std::string> y =
      graph_.add_many("LSTM", 3,
                      {x, of_direction(reordered(layer + "weight_ih")), of_direction(reordered(layer + "weight_hh")),
                       of_direction(both), "", of_direction(state.h), of_direction(state.c)},
                      {{"hidden_size", cells}});
  state = {of_layer(y[1]), of_layer(y[2])};
  return y[0];
}

/// That operator has no projection, so the recurrence is a Scan over the time steps.
std::string OnnxLayers::projected_lstm(const std::string& layer, const LstmConfig& config, const std::string& x,
                                       const std::string& steps_and_streams, OnnxState& state) {
  const std::string shape =
      graph_.add("Concat", {steps_and_streams, graph_.integers({4 * config.cells})}, {{"axis", Index{0}}});
  const std::string sums = graph_.add("Reshape", {linear(x, layer + "weight_ih", layer + "bias"), shape});
  OnnxGraph step(layer);
  for (const char* name : {"h", "c", "sums"}) step.input(layer + name, OnnxType::f32);
  const std::string recurrent = step.add("Gemm", {layer + "h", layer + "weight_hh"}, {{"transB", Index{1}}});
  const std::vector<std::string> gate =
      step.add_many("Split", 4, {step.add("Add", {layer + "sums", recurrent})}, {{"axis", Index{1}}});
  const auto sigmoid = [&](const std::string& value) { return step.add("Sigmoid", {value}); };
  const auto tanh = [&](const std::string& value) { return step.add("Tanh", {value}); };
  const auto multiply = [&](const std::string& a, const std::string& b) { return step.add("Mul", {a, b}); };
  const std::string c =
      step.add("Add", {multiply(sigmoid(gate[1]), layer + "c"), multiply(sigmoid(gate[0]), tanh(gate[2]))});
  const std::string h =
      step.add("Gemm", {multiply(sigmoid(gate[3]), tanh(c)), layer + "weight_hr"}, {{"transB", Index{1}}});
  step.output(h, layer + "next_h", OnnxType::f32);
  step.output(c, layer + "next_c", OnnxType::f32);
  step.output(h, layer + "output", OnnxType::f32);
  const std::vector<std::string> y =
      graph_.add_many("Scan", 3, {state.h, state.c, sums}, {{"body", &step}, {"num_scan_inputs", Index{1}}});
  state = {y[0], y[1]};
  return graph_.add("Reshape", {y[2], graph_.integers({-1, config.projection})});
}

// MoE

/// The gate of each expert for each row, 0 if it is not chosen.
std::string OnnxLayers::gates(const std::string& prefix, const GateConfig& config, const std::string& x) {
  const std::string logits = linear(x, weight(prefix + "gate.weight"));
  switch (config.kind) {
    case GateKind::noisy_top_k:  // without noise, as in evaluation
    case GateKind::top_k:
    case GateKind::sigmoid:
      return chosen_gates(prefix, config, logits);
    case GateKind::softmax:
      return softmax(logits);
    case GateKind::balanced:
      return gates_above_thresholds(prefix, logits);
  }
  return {};
}

std::string OnnxLayers::softmax(const std::string& x) { return graph_.add("Softmax", {x}, {{"axis", Index{1}}}); }

std::string OnnxLayers::gates_above_thresholds(const std::string& prefix, const std::string& logits) {
  constexpr float kTiny = 1e-37f;  // the sum of a row that no expert takes
  const std::string scores = softmax(logits);
  const std::string kept =
      graph_.add("Where", {graph_.add("Greater", {scores, prefix + "gate.thresholds"}), scores, graph_.number(0)});
  const std::string sum = graph_.add("ReduceSum", {kept, graph_.integers({1})});
  return graph_.add("Div", {kept, graph_.add("Max", {sum, graph_.number(kTiny)})});
}

std::string OnnxLayers::chosen_gates(const std::string& prefix, const GateConfig& config, const std::string& logits) {
  const std::string bias = prefix + "gate.bias";
  const std::string biased = has(bias) ? graph_.add("Add", {logits, bias}) : logits;
  const std::string chosen = graph_.add_many("TopK", 2, {biased, graph_.integers({config.k})}, {{"axis", Index{1}}})[1];
  const std::string chosen_logits = graph_.add("GatherElements", {logits, chosen}, {{"axis", Index{1}}});
  const std::string gates =
      config.kind == GateKind::sigmoid ? graph_.add("Sigmoid", {chosen_logits}) : softmax(chosen_logits);
  const std::string zeros = graph_.add("ConstantOfShape", {graph_.add("Shape", {logits})});
  return graph_.add("ScatterElements", {zeros, chosen, gates}, {{"axis", Index{1}}});
}

std::string OnnxLayers::expert(const std::string& name, const std::string& x) {
  std::string y = x;
  for (Index j = 0; has(numbered(name + ".weight_", j)); ++j)
    y = linear(j > 0 ? graph_.add("Relu", {y}) : y, weight(numbered(name + ".weight_", j)));
  return y;
}

/// Computes an expert for the rows whose gate is not 0, and adds its output to theirs.
std::string OnnxLayers::add_expert(const std::string& name, const std::string& x, const std::string& gate,
                                   const std::string& y) {
  const std::string rows = graph_.add("Gather", {graph_.add("NonZero", {gate}), graph_.integer(0)});
  const std::string output =
      graph_.add("Mul", {expert(name, graph_.add("Gather", {x, rows})), graph_.add("Gather", {gate, rows})});
  const std::string places = graph_.add("Unsqueeze", {rows, graph_.integers({1})});
  return graph_.add("ScatterND", {y, places, output}, {{"reduction", std::string("add")}});
}

std::vector<std::string> OnnxLayers::columns_of(const std::string& gates, Index columns) {
  if (columns == 1) return {gates};
  return graph_.add_many("Split", columns, {gates}, {{"axis", Index{1}}});
}

std::vector<std::string> OnnxLayers::gate_columns(const std::string& layer, const MoeConfig& config,
                                                  const std::string& x) {
  const GateConfig primary = config.primary_gate(), secondary = config.secondary_gate();
  if (!config.hierarchical()) return columns_of(gates(layer, primary, x), config.experts);
  std::vector<std::string> columns, of_groups(static_cast<std::size_t>(config.groups));
  if (primary.has_gate()) of_groups = columns_of(gates(layer + "primary.", primary, x), config.groups);
  for (Index g = 0; g < config.groups; ++g) {
    std::string both = of_groups[static_cast<std::size_t>(g)];
    if (secondary.has_gate()) {
      const std::string own = gates(numbered(layer + "groups.", g) + ".", secondary, x);
      both = both.empty() ? own : graph_.add("Mul", {own, both});
    }
    for (const std::string& column : columns_of(both, config.group_size())) columns.push_back(column);
  }
  return columns;
}

std::string OnnxLayers::moe(const std::string& layer, const MoeConfig& config, const std::string& x) {
  std::string y;
  if (config.has_gate()) {
    const std::vector<std::string> columns = gate_columns(layer, config, x);
    y = graph_.add("ConstantOfShape", {graph_.add("Shape", {x})});
    for (Index e = 0; e < config.experts; ++e)
      y = add_expert(numbered(layer + "experts.", e), x, columns[static_cast<std::size_t>(e)], y);
  } else {
    y = expert(layer + "experts.0", x);
  }
  for (Index s = 0; s < config.shared; ++s) y = graph_.add("Add", {y, expert(numbered(layer + "shared.", s), x)});
  return config.output == MoeOutput::sigmoid ? graph_.add("Sigmoid", {y}) : y;
}

// Softmax

std::string OnnxLayers::log_probabilities(const std::string& layer, const SoftmaxConfig& config,
                                          const std::string& table, const std::string& x) {
  if (has(layer + "head.weight")) return clusters(layer, config, table, x);
  return graph_.add("LogSoftmax", {linear(x, table, layer + "bias")}, {{"axis", Index{1}}});
}

std::string OnnxLayers::clusters(const std::string& layer, const SoftmaxConfig& config, const std::string& table,
                                 const std::string& x) {
  const auto log_softmax = [&](const std::string& logits) {
    return graph_.add("LogSoftmax", {logits}, {{"axis", Index{1}}});
  };
  const auto slice = [&](const std::string& of, Index begin, Index end, Index axis) {
    return graph_.add("Slice", {of, graph_.integers({begin}), graph_.integers({end}), graph_.integers({axis})});
  };
  const bool tied = !has(layer + "tail.0.weight");
  constexpr Index kToTheEnd = std::numeric_limits<std::int32_t>::max();
  const Index first = config.cutoffs.front();
  const std::string head_weight =
      tied ? graph_.add("Concat", {slice(table, 0, first, 0), layer + "head.weight"}, {{"axis", Index{0}}})
           : layer + "head.weight";
  const std::string head = log_softmax(linear(x, head_weight, layer + "head.bias"));
  std::vector<std::string> parts = {slice(head, 0, first, 1)};
  for (std::size_t i = 0; i < config.cutoffs.size(); ++i) {
    const auto place = static_cast<Index>(i);
    const Index last = i + 1 < config.cutoffs.size() ? config.cutoffs[i + 1] : kToTheEnd;
    const std::string tail = numbered(layer + "tail.", place);
    const std::string logits = tied ? linear(x, slice(table, config.cutoffs[i], last, 0))
                                    : linear(linear(x, tail + ".projection"), tail + ".weight");
    parts.push_back(graph_.add("Add", {log_softmax(logits), slice(head, first + place, first + place + 1, 1)}));
  }
  return graph_.add("Concat", parts, {{"axis", Index{1}}});
}

}  // namespace moelm
