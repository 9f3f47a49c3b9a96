#include "model/size.hpp"

#include <algorithm>

#include "config/exact.hpp"
#include "model/parameters.hpp"

namespace moelm {

namespace {

/// Sums over the declared tensors. The paper leaves embedding and softmax out of its counts of weights and operations.
LayerSize count(const LayerConfig& config, const LayerTensors& tensors, Index inputs, Index outputs) {
  Exact parameters = 0, weights = 0, ops = 0;
  for (const TensorBlock& block : tensors)
    for (const TensorSpec& spec : block.tensors) {
      const Exact size = Exact(spec.rows) * spec.columns;
      parameters = parameters + size * block.copies;
      if (spec.vector) continue;
      weights = weights + size * block.copies;
      ops = ops + size * block.copies_per_token;
    }
  const bool table = std::holds_alternative<EmbeddingConfig>(config) || std::holds_alternative<SoftmaxConfig>(config);
  return {layer_type(config),     inputs, outputs, parameters.value(), table ? 0 : weights.value(),
          table ? 0 : ops.value()};
}

/// Of a token in evaluation.
Index softmax_ops(const SoftmaxConfig& config, bool tied, Index inputs, Index vocabulary) {
  const Index full = (Exact(inputs) * vocabulary).value();
  return config.cutoffs.empty() ? full : static_cast<Index>(adaptive_softmax_ops(config, tied, inputs, vocabulary));
}

}  // namespace

double ModelSize::softmax_share() const {
  const double all = static_cast<double>(ops_per_timestep) + static_cast<double>(softmax_training_ops);
  return all > 0 ? static_cast<double>(softmax_training_ops) / all : 0;
}

ModelSize model_size(const ModelConfig& config, Index vocabulary) {
  const std::vector<Index> widths = input_widths(config);
  const std::vector<LayerTensors> tensors = model_tensors(config, vocabulary);
  ModelSize size;
  Exact parameters = 0, weights = 0, ops = 0;
  for (std::size_t i = 0; i < config.layers.size(); ++i) {
    const bool softmax_layer = std::holds_alternative<SoftmaxConfig>(config.layers[i]);
    const Index outputs = softmax_layer ? vocabulary : widths[i + 1];
    const LayerSize layer = count(config.layers[i], tensors[i], widths[i], outputs);
    parameters = parameters + layer.parameters;
    weights = weights + layer.weights;
    ops = ops + layer.ops;
    if (const auto* softmax = std::get_if<SoftmaxConfig>(&config.layers[i])) {
      size.softmax_ops = softmax_ops(*softmax, config.tied, layer.input_width, vocabulary);
      size.softmax_training_ops = softmax->samples > 0 && softmax->samples < vocabulary
                                      ? (Exact(layer.input_width) * softmax->samples).value()
                                      : size.softmax_ops;
    }
    size.layers.push_back(layer);
  }
  size.parameters = parameters.value();
  size.parameters_without_embedding_and_softmax = weights.value();
  size.ops_per_timestep = ops.value();
  return size;
}

Index expert_weights(const MoeConfig& config, Index width) {
  Exact sum = 0;
  for (const TensorSpec& spec : expert_tensors(config, width)) sum = sum + Exact(spec.rows) * spec.columns;
  return sum.value();
}

}  // namespace moelm
