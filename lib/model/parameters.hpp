// All weights of a model, layer by layer, and their gradients in the same order.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/context.hpp"
#include "config/model_config.hpp"
#include "config/tensor_spec.hpp"
#include "dist/communicator.hpp"
#include "moe/moe_layer.hpp"
#include "nn/adaptive_softmax.hpp"
#include "nn/embedding.hpp"
#include "nn/lstm.hpp"
#include "nn/sampled_softmax.hpp"
#include "nn/softmax.hpp"

namespace moelm {

/// The tensors of every layer of a valid model, as the layers declare them. Error(bad_config) if a cutoff of the
/// softmax is not below the vocabulary.
std::vector<LayerTensors> model_tensors(const ModelConfig& config, Index vocabulary);

using LayerParameters =
    std::variant<EmbeddingParameters, LstmParameters, MoeParameters, SoftmaxParameters, AdaptiveSoftmaxParameters>;

/// Weights; shared and const during a pass.
struct ModelParameters {
  std::vector<LayerParameters> layers;
  std::vector<LayerTensors> tensors;  ///< what they were made from
  Communicator* ranks = nullptr;      ///< that share the experts; nullptr: all weights are here
};

using LayerGradients = std::variant<RowGradient, EmbeddingParameters, LstmParameters, GatesParameters,
                                    SoftmaxParameters, SampledSoftmaxGradient, AdaptiveSoftmaxParameters>;

/// Gradients of all tensors but the experts', which the optimizer forms one at a time from the cache.
struct ModelGradients {
  std::vector<LayerGradients> layers;

  /// Zeroes whole gradients; every pass overwrites gradients of rows.
  void zero();

  /// Zeroes the whole gradients of a layer, and forgets its gradients of rows.
  void clear(std::size_t layer);
};

/// V, the number of tokens that the embedding knows and the softmax predicts.
Index vocabulary_of(const ModelParameters& parameters);

/// Weights of a valid configuration, all zero. With several ranks, of the routed experts only this rank's share;
/// `ranks` must outlive the weights.
ModelParameters make_parameters(const ModelConfig& config, Index vocabulary, Communicator* ranks = nullptr);

/// Zero gradients for these weights.
ModelGradients make_gradients(const ModelParameters& parameters);

/// Gives every tensor its initial value, a function of the seed.
void initialise(Context& context, std::uint64_t seed, ModelParameters& parameters);

/// The owner of a tensor that every rank has.
inline constexpr int kEveryRank = -1;

/// A tensor as files name it: "layers.1.weight_ih"; biases are vectors, all others matrices.
struct NamedTensor {
  std::string name;
  Matrix* values;  ///< null if the tensor is kept in bfloat16
  bool vector;
  Bf16Matrix* bf16_values = nullptr;
  int owner = kEveryRank;          ///< the rank that has it
  std::vector<Index> absent = {};  ///< its shape where it is not here; else empty

  bool is_here() const { return absent.empty(); }
  /// Numbers that are here.
  Index size() const {
    if (bf16_values != nullptr) return bf16_values->size();
    return values != nullptr ? values->size() : 0;
  }
  std::vector<Index> shape() const {
    if (!is_here()) return absent;
    if (bf16_values != nullptr) return {bf16_values->rows(), bf16_values->cols()};
    return vector ? std::vector<Index>{values->size()} : std::vector<Index>{values->rows(), values->cols()};
  }
};

/// Every tensor of the model in the order of the layers. Pointers are valid as long as the parameters do not move.
std::vector<NamedTensor> named_tensors(ModelParameters& parameters);

/// A tensor that a gradient trains, and that gradient: all of it, or of few rows of a table.
struct TrainedTensor {
  NamedTensor tensor;
  std::size_t layer;  ///< whose gradients it is among
  ParameterGroup group;
  Matrix* gradient = nullptr;
  RowGradient* rows = nullptr;
};

/// The tensors that a gradient trains, the experts' excepted. Pointers are valid as long as neither argument moves.
std::vector<TrainedTensor> trained_tensors(ModelParameters& parameters, ModelGradients& gradients);

}  // namespace moelm
