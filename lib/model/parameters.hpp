// All weights of a model, layer by layer, and their gradients in the same order.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "config/model_config.hpp"
#include "moe/moe_layer.hpp"
#include "nn/embedding.hpp"
#include "nn/lstm.hpp"
#include "nn/sampled_softmax.hpp"
#include "nn/softmax.hpp"

namespace moelm {

using LayerParameters = std::variant<EmbeddingParameters, LstmParameters, MoeParameters, SoftmaxParameters>;

/// Weights; shared and const during a pass.
struct ModelParameters {
  std::vector<LayerParameters> layers;
};

using LayerGradients =
    std::variant<RowGradient, LstmParameters, GatesParameters, SoftmaxParameters, SampledSoftmaxGradient>;

/// Gradients of everything except experts, whose gradients are formed one at a time from their cache.
struct ModelGradients {
  std::vector<LayerGradients> layers;

  /// Zero, except gradients of rows, which are overwritten by each pass.
  void zero();
};

/// Calls visit(prefix of its names, gate) for the gates of a layer.
template <class Visit>
void for_each_gate(GatesParameters& gates, Visit&& visit) {
  visit(gates.groups.empty() ? "" : "primary.", gates.first);
  for (std::size_t g = 0; g < gates.groups.size(); ++g) visit("groups." + std::to_string(g) + ".", gates.groups[g]);
}

/// Weights of a valid configuration, all zero.
ModelParameters make_parameters(const ModelConfig& config, Index vocabulary);

/// Zero gradients for the same.
ModelGradients make_gradients(const ModelConfig& config, const ModelParameters& parameters);

/// Initial values of design: softmax N(0, 0.01^2), embedding N(0, 0.1^2), LSTM and experts uniform
/// +-sqrt(3 / fan_in), forget gate bias 1, noisy gates zero, gates without noise N(0, 1/D). A function of the seed.
void initialise(Context& context, const ModelConfig& config, std::uint64_t seed, ModelParameters& parameters);

/// A tensor as files name it: "layers.1.weight_ih"; biases are vectors, all others matrices.
struct NamedTensor {
  std::string name;
  Matrix* values;  ///< null where the tensor is kept in bfloat16
  bool vector;
  Bf16Matrix* rounded = nullptr;

  Index size() const { return rounded != nullptr ? rounded->size() : values->size(); }
  std::vector<Index> shape() const {
    if (rounded != nullptr) return {rounded->rows(), rounded->cols()};
    return vector ? std::vector<Index>{values->size()} : std::vector<Index>{values->rows(), values->cols()};
  }
};

/// Every tensor of the model in the order of the layers. Pointers are valid as long as the parameters do not move.
std::vector<NamedTensor> named_tensors(ModelParameters& parameters);

/// The gradient of a tensor: all of it, or of few rows of a table.
struct NamedGradient {
  std::string name;  ///< of the tensor
  Matrix* whole = nullptr;
  RowGradient* rows = nullptr;
};

/// The gradients of all tensors that have one beside the experts', which are formed one at a time, and the biases of
/// gates, which counts move.
std::vector<NamedGradient> named_gradients(ModelGradients& gradients);

}  // namespace moelm
