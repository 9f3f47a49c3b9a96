// The layers of a model as nodes of ONNX.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/model_config.hpp"
#include "interchange/onnx_graph.hpp"

namespace moelm {

/// h and c of an LSTM layer, [streams, R] and [streams, H].
struct OnnxState {
  std::string h, c;
};

/// Adds layers to a graph whose stored tensors have the names of a checkpoint. x is [rows, width], rows being
/// time steps x streams. Evaluation only: no dropout, no noise.
class OnnxLayers {
 public:
  /// `tensors` are the names that the checkpoint has, `halves` those of them that are bfloat16.
  OnnxLayers(OnnxGraph& graph, std::set<std::string> tensors, std::set<std::string> halves)
      : graph_(graph), tensors_(std::move(tensors)), halves_(std::move(halves)) {}

  /// `steps_and_streams` is the shape of the tokens. Returns the output, and the new state in `state`.
  std::string lstm(const std::string& layer, const LstmConfig& config, const std::string& x, Index inputs,
                   const std::string& steps_and_streams, OnnxState& state);
  std::string moe(const std::string& layer, const MoeConfig& config, const std::string& x);
  /// ln p of every token [rows, V]. `table` is the name of the softmax's table; an adaptive one reads it if tied.
  std::string log_probabilities(const std::string& layer, const SoftmaxConfig& config, const std::string& table,
                                const std::string& x);

 private:
  bool has(const std::string& tensor) const { return tensors_.contains(tensor); }
  /// A stored tensor in single precision.
  std::string weight(const std::string& tensor);
  /// x W^T, and + bias if there is one.
  std::string linear(const std::string& x, const std::string& weight, const std::string& bias = "");
  /// x of a layer without projection is [steps, streams, inputs].
  std::string plain_lstm(const std::string& layer, Index cells, const std::string& x, OnnxState& state);
  std::string projected_lstm(const std::string& layer, const LstmConfig& config, const std::string& x,
                             const std::string& steps_and_streams, OnnxState& state);
  std::string reordered(const std::string& weight);
  /// A column for each expert of the layer, [rows, 1]: its gates.
  std::vector<std::string> gate_columns(const std::string& layer, const MoeConfig& config, const std::string& x);
  std::vector<std::string> columns_of(const std::string& gates, Index columns);
  std::string gates(const std::string& prefix, const GateConfig& config, const std::string& x);
  std::string softmax(const std::string& x);
  std::string gates_above_thresholds(const std::string& prefix, const std::string& logits);
  std::string chosen_gates(const std::string& prefix, const GateConfig& config, const std::string& logits);
  std::string expert(const std::string& name, const std::string& x);
  std::string add_expert(const std::string& name, const std::string& x, const std::string& gate, const std::string& y);
  std::string clusters(const std::string& layer, const SoftmaxConfig& config, const std::string& table,
                       const std::string& x);

  OnnxGraph& graph_;
  std::set<std::string> tensors_, halves_;
};

}  // namespace moelm
