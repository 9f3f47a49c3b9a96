// A model as a graph of ONNX, whose weights stay in the safetensors file beside it.
#pragma once

#include <span>
#include <string>

#include "config/model_config.hpp"
#include "io/safetensors.hpp"

namespace moelm {

/// The bytes of model.onnx. Its weights are read from the file `weights` in the same folder, which `plan` lays out.
/// Inputs: tokens [steps, streams] (int64), and for each LSTM layer i its state h_i and c_i. Outputs: log_probabilities
/// [steps, streams, V] of the tokens that come next, next_h_i and next_c_i. Only chosen experts are computed.
std::string onnx_model(const ModelConfig& config, Index vocabulary, const std::string& weights,
                       const SafetensorsPlan& plan, std::span<const TensorView> tensors);

}  // namespace moelm
