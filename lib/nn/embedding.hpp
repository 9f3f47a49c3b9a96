// The table of token vectors: x0 = embedding (figure 1, first layer).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/context.hpp"
#include "config/model_config.hpp"
#include "config/tensor_spec.hpp"
#include "nn/row_gradient.hpp"
#include "tensor/matrix.hpp"
#include "tensor/tensor_pointer.hpp"

namespace moelm {

struct EmbeddingParameters {
  Matrix weight;  ///< [V, D]
};

/// The tensors of the layer, and their places in the parameters in the same order.
LayerTensors embedding_tensors(const EmbeddingConfig& config, Index vocabulary);
inline std::vector<TensorPointer> tensor_pointers(EmbeddingParameters& p) { return {p.weight}; }

/// x[i] = weight[token[i]]; x [N, D].
void embedding_forward(Context& context, const EmbeddingParameters& parameters, std::span<const std::int32_t> tokens,
                       MatrixView x);

/// Gradient of the rows that were read: sums of dx over the positions of each token. Overwrites `gradient`.
void embedding_backward(Context& context, std::span<const std::int32_t> tokens, ConstMatrixView dx,
                        RowGradient& gradient);

}  // namespace moelm
