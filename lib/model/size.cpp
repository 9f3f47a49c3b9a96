#include "model/size.hpp"

#include <algorithm>

#include "base/checked.hpp"
#include "base/error.hpp"

namespace moelm {

namespace {

/// Integers that refuse to overflow: a configuration may hold any numbers.
class Exact {
 public:
  Exact(Index value) : value_(value) {}  // NOLINT: sums and products read as in the paper
  Index value() const { return value_; }

  friend Exact operator+(Exact a, Exact b) { return kept(checked_sum(a.value_, b.value_)); }
  friend Exact operator*(Exact a, Exact b) { return kept(checked_product(a.value_, b.value_)); }

 private:
  static Index kept(std::optional<Index> value) {
    if (!value) throw Error(Exit::bad_config, "model: expected fewer than 2^63 parameters, found more");
    return *value;
  }
  Index value_;
};

Exact exact_expert_weights(const MoeConfig& config, Index width) {
  Exact sum = 0, inputs = width;
  for (const Index units : config.hidden) {
    sum = sum + inputs * units;
    inputs = units;
  }
  return sum + inputs * width;
}

LayerSize size_of(const EmbeddingConfig& c, Index, Index vocabulary) {
  return {"embedding", 0, c.width, (Exact(vocabulary) * c.width).value(), 0, 0};
}

LayerSize size_of(const LstmConfig& c, Index inputs, Index) {
  const Index outputs = c.output_width();
  const Exact projection = c.projection > 0 ? Exact(c.cells) * c.projection : Exact(0);
  const Exact weights = Exact(4) * c.cells * (Exact(inputs) + outputs) + projection;
  return {"lstm", inputs, outputs, (weights + Exact(4) * c.cells).value(), weights.value(), weights.value()};
}

LayerSize size_of(const MoeConfig& c, Index inputs, Index) {
  const Exact expert = exact_expert_weights(c, inputs);
  if (!c.gated()) {
    const Exact all = expert * (Exact(1) + c.shared);
    return {"moe", inputs, inputs, all.value(), all.value(), all.value()};
  }
  const Exact logit = Exact(c.first_gate().noisy() ? 2 : 1) * inputs;
  // A hierarchy asks its primary gate, then the secondary gates of the groups chosen.
  Exact gate = logit * (c.hierarchical() ? c.groups : c.experts), gate_ops = gate;
  if (c.hierarchical()) {
    const Exact secondary = c.secondary_gate().gated() ? logit * c.group_size() : Exact(0);
    gate = gate + secondary * c.groups;
    gate_ops = gate_ops + secondary * c.first_gate().chosen();
  }
  const Exact weights = gate + expert * (Exact(c.experts) + c.shared);
  const Exact vectors = (c.bias_rate > 0 ? Exact(c.first_gate().experts) : Exact(0)) +
                        (c.gate == GateKind::balanced ? Exact(c.experts) : Exact(0));
  return {"moe",           inputs,
          inputs,          (weights + vectors).value(),
          weights.value(), (gate_ops + expert * (Exact(c.chosen()) + c.shared)).value()};
}

LayerSize size_of(const SoftmaxConfig&, Index inputs, Index vocabulary) {
  return {"softmax", inputs, vocabulary, (Exact(vocabulary) * inputs + vocabulary).value(), 0, 0};
}

}  // namespace

double ModelSize::softmax_share() const {
  const double all = static_cast<double>(ops_per_timestep) + static_cast<double>(softmax_training_ops);
  return all > 0 ? static_cast<double>(softmax_training_ops) / all : 0;
}

ModelSize model_size(const ModelConfig& config, Index vocabulary) {
  const std::vector<Index> widths = input_widths(config);
  ModelSize size;
  Exact parameters = 0, weights = 0, ops = 0;
  for (std::size_t i = 0; i < config.layers.size(); ++i) {
    const LayerSize layer =
        std::visit([&](const auto& c) { return size_of(c, widths[i], vocabulary); }, config.layers[i]);
    parameters = parameters + layer.parameters;
    weights = weights + layer.weights;
    ops = ops + layer.ops;
    if (const auto* softmax = std::get_if<SoftmaxConfig>(&config.layers[i])) {
      const Index sample = softmax->samples > 0 ? std::min(softmax->samples, vocabulary) : vocabulary;
      size.softmax_ops = (Exact(layer.input_width) * vocabulary).value();
      size.softmax_training_ops = (Exact(layer.input_width) * sample).value();
    }
    size.layers.push_back(layer);
  }
  size.parameters = parameters.value();
  size.parameters_without_embedding_and_softmax = weights.value();
  size.ops_per_timestep = ops.value();
  return size;
}

Index expert_weights(const MoeConfig& config, Index width) { return exact_expert_weights(config, width).value(); }

Index all_expert_weights(const MoeConfig& config, Index width) {
  return (exact_expert_weights(config, width) * (Exact(config.experts) + config.shared)).value();
}

}  // namespace moelm
