#include "interchange/onnx_model.hpp"

#include <variant>

#include "interchange/onnx_graph.hpp"
#include "interchange/onnx_layers.hpp"

namespace moelm {

namespace {

/// Declares the tensors of the weights file in the graph. Returns the maker of layers that knows their names.
OnnxLayers layers_of(OnnxGraph& graph, const std::string& weights, const SafetensorsPlan& plan,
                     std::span<const TensorView> tensors) {
  std::set<std::string> names, halves;
  auto offset = static_cast<Index>(plan.head.size());
  for (const std::size_t i : plan.order) {
    const TensorView& tensor = tensors[i];
    const Index bytes = *tensor_bytes(tensor.type, tensor.shape);
    // Evaluation draws no noise, and onnxruntime warns of what no node uses.
    if (!tensor.name.ends_with("noise.weight"))
      graph.stored(tensor.name, tensor.type, tensor.shape, weights, offset, bytes);
    offset += bytes;
    names.insert(tensor.name);
    if (tensor.type == TensorType::bf16) halves.insert(tensor.name);
  }
  return {graph, std::move(names), std::move(halves)};
}

std::string with_number(const char* name, std::size_t layer) { return name + std::to_string(layer); }

/// The graph of one model.
class ModelGraph {
 public:
  ModelGraph(OnnxGraph& graph, OnnxLayers layers, const ModelConfig& config)
      : graph_(graph), layers_(std::move(layers)), config_(config), widths_(input_widths(config)) {}

  void build(Index vocabulary) {
    const OnnxSize steps = "steps", streams = "streams";
    graph_.input("tokens", OnnxType::i64, {steps, streams});
    shape_ = graph_.add("Shape", {"tokens"});
    std::string x =
        graph_.add("Reshape", {graph_.add("Gather", {"layers.0.weight", "tokens"}), graph_.integers({-1, widths_[1]})});
    for (std::size_t l = 1; l + 1 < config_.layers.size(); ++l) {
      const std::string y = layer(l, x);
      x = widths_[l] == widths_[l + 1] ? graph_.add("Add", {x, y}) : y;
    }
    const std::size_t last = config_.layers.size() - 1;
    const std::string rows = layers_.log_probabilities(prefix(last), std::get<SoftmaxConfig>(config_.layers[last]),
                                                       prefix(config_.tied ? 0 : last) + "weight", x);
    const std::string shape = graph_.add("Concat", {shape_, graph_.integers({vocabulary})}, {{"axis", Index{0}}});
    graph_.output(graph_.add("Reshape", {rows, shape}), "log_probabilities", OnnxType::f32,
                  {steps, streams, vocabulary});
  }

 private:
  static std::string prefix(std::size_t layer) { return "layers." + std::to_string(layer) + "."; }

  std::string layer(std::size_t l, const std::string& x) {
    if (const auto* moe = std::get_if<MoeConfig>(&config_.layers[l])) return layers_.moe(prefix(l), *moe, x);
    const auto& lstm = std::get<LstmConfig>(config_.layers[l]);
    const std::string h = with_number("h_", l), c = with_number("c_", l);
    const std::vector<OnnxSize> h_shape = {"streams", lstm.output_width()}, c_shape = {"streams", lstm.cells};
    graph_.input(h, OnnxType::f32, h_shape);
    graph_.input(c, OnnxType::f32, c_shape);
    OnnxState state{h, c};
    const std::string y = layers_.lstm(prefix(l), lstm, x, widths_[l], shape_, state);
    graph_.output(state.h, "next_" + h, OnnxType::f32, h_shape);
    graph_.output(state.c, "next_" + c, OnnxType::f32, c_shape);
    return y;
  }

  OnnxGraph& graph_;
  OnnxLayers layers_;
  const ModelConfig& config_;
  std::vector<Index> widths_;
  std::string shape_;
};

}  // namespace

std::string onnx_model(const ModelConfig& config, Index vocabulary, const std::string& weights,
                       const SafetensorsPlan& plan, std::span<const TensorView> tensors) {
  OnnxGraph graph;
  ModelGraph(graph, layers_of(graph, weights, plan, tensors), config).build(vocabulary);
  return onnx_model_message(graph, "moelm");
}

}  // namespace moelm
