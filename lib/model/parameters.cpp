#include "model/parameters.hpp"

#include "base/error.hpp"
#include "base/quantity.hpp"
#include "model/layer_tensors.hpp"

namespace moelm {

namespace {

/// The gradient of one tensor: a matrix, or rows of a table.
struct GradientPointer {
  Matrix* whole = nullptr;
  RowGradient* rows = nullptr;

  GradientPointer(const TensorPointer& pointer) : whole(pointer.f32) {}
  GradientPointer(RowGradient& gradient) : rows(&gradient) {}
};

/// The gradients in the order of the layer's tensors. An MoE layer has gradients only for its gates, which come first.
std::vector<GradientPointer> gradient_pointers(LayerGradients& gradients) {
  if (auto* rows = std::get_if<RowGradient>(&gradients)) return {*rows};
  if (auto* sampled = std::get_if<SampledSoftmaxGradient>(&gradients)) return {sampled->weight, sampled->bias};
  return std::visit(
      [](auto& layer) -> std::vector<GradientPointer> {
        if constexpr (requires { tensor_pointers(layer); }) {
          const std::vector<TensorPointer> pointers = tensor_pointers(layer);
          return {pointers.begin(), pointers.end()};
        }
        return {};
      },
      gradients);
}

AdaptiveSoftmaxParameters empty_adaptive_softmax(const std::vector<Index>& cutoffs) {
  AdaptiveSoftmaxParameters p;
  for (const Index first : cutoffs) p.clusters.push_back({first, {}, {}});
  return p;
}

LayerParameters empty_layer(const LayerConfig& config) {
  if (std::holds_alternative<EmbeddingConfig>(config)) return EmbeddingParameters{};
  if (std::holds_alternative<LstmConfig>(config)) return LstmParameters{};
  if (const auto* moe = std::get_if<MoeConfig>(&config)) return empty_moe(*moe);
  const auto& softmax = std::get<SoftmaxConfig>(config);
  if (softmax.cutoffs.empty()) return SoftmaxParameters{};
  return empty_adaptive_softmax(softmax.cutoffs);
}

/// A gradient for the parameters of a layer, whose matrices are all empty.
LayerGradients empty_gradient(const LayerParameters& layer, GradientForm form) {
  if (std::holds_alternative<EmbeddingParameters>(layer))
    return form == GradientForm::rows ? LayerGradients(RowGradient{}) : LayerGradients(EmbeddingParameters{});
  if (std::holds_alternative<LstmParameters>(layer)) return LstmParameters{};
  if (const auto* moe = std::get_if<MoeParameters>(&layer)) {
    GatesParameters gates;
    gates.groups.resize(moe->gates.groups.size());
    return gates;
  }
  if (const auto* adaptive = std::get_if<AdaptiveSoftmaxParameters>(&layer)) {
    AdaptiveSoftmaxParameters gradient;
    gradient.clusters.resize(adaptive->clusters.size());
    return gradient;
  }
  return form == GradientForm::rows ? LayerGradients(SampledSoftmaxGradient{}) : LayerGradients(SoftmaxParameters{});
}

/// The table of the embedding that the softmax uses too. Its gradient has the form of a softmax gradient.
void tie(const TensorSpec& softmax, TensorSpec& embedding) {
  constexpr double kTiedStddev = 0.05;  // between those of two tables of their own, 0.1 and 0.01
  embedding.gradient = softmax.gradient;
  embedding.scale = kTiedStddev;
}

/// Every rank gets a share of the experts of every layer.
void share_experts(const ModelConfig& config, ModelParameters& parameters) {
  const std::vector<Index> widths = input_widths(config);
  for (std::size_t l = 0; l < config.layers.size(); ++l)
    if (auto* moe = std::get_if<MoeParameters>(&parameters.layers[l]))
      moe->exchange = {parameters.ranks, std::get<MoeConfig>(config.layers[l]).experts, widths[l]};
}

LayerTensors output_tensors(const SoftmaxConfig& config, bool tied, std::size_t layer, Index inputs, Index vocabulary) {
  if (config.cutoffs.empty()) return softmax_tensors(config, tied, inputs, vocabulary);
  if (config.cutoffs.back() >= vocabulary)
    throw Error(Exit::bad_config, layer_key(layer, "cutoffs") + ": expected ids below the vocabulary's " +
                                      format_count(vocabulary) + ", found " + format_count(config.cutoffs.back()));
  return adaptive_softmax_tensors(config, tied, inputs, vocabulary);
}

}  // namespace

std::vector<LayerTensors> model_tensors(const ModelConfig& config, Index vocabulary) {
  const std::vector<Index> widths = input_widths(config);
  std::vector<LayerTensors> tensors;
  for (std::size_t l = 0; l < config.layers.size(); ++l) {
    if (const auto* embedding = std::get_if<EmbeddingConfig>(&config.layers[l]))
      tensors.push_back(embedding_tensors(*embedding, vocabulary));
    else if (const auto* lstm = std::get_if<LstmConfig>(&config.layers[l]))
      tensors.push_back(lstm_tensors(*lstm, widths[l]));
    else if (const auto* moe = std::get_if<MoeConfig>(&config.layers[l]))
      tensors.push_back(moe_tensors(*moe, widths[l]));
    else
      tensors.push_back(
          output_tensors(std::get<SoftmaxConfig>(config.layers[l]), config.tied, l, widths[l], vocabulary));
  }
  if (config.tied) tie(tensors.back()[0].tensors[0], tensors.front()[0].tensors[0]);
  return tensors;
}

Index vocabulary_of(const ModelParameters& parameters) {
  return std::get<EmbeddingParameters>(parameters.layers.front()).weight.rows();
}

ModelParameters make_parameters(const ModelConfig& config, Index vocabulary, Communicator* ranks) {
  ModelParameters parameters{
      {}, model_tensors(config, vocabulary), ranks != nullptr && ranks->size() > 1 ? ranks : nullptr};
  for (const LayerConfig& layer : config.layers) parameters.layers.push_back(empty_layer(layer));
  if (parameters.ranks != nullptr) share_experts(config, parameters);
  const std::vector<std::vector<TensorPointer>> pointers = tensor_pointers(parameters);
  for_each_tensor(parameters,
                  [&](std::size_t l, const std::string&, const TensorSpec& spec, std::size_t place, int owner) {
                    if (!is_here(parameters, owner)) return;
                    const TensorPointer& tensor = pointers[l][place];
                    if (spec.type == DataType::bf16)
                      *tensor.bf16 = Bf16Matrix(spec.rows, spec.columns);
                    else
                      *tensor.f32 = Matrix(spec.rows, spec.columns);
                  });
  return parameters;
}

ModelGradients make_gradients(const ModelParameters& parameters) {
  ModelGradients gradients;
  for (std::size_t l = 0; l < parameters.layers.size(); ++l)
    gradients.layers.push_back(empty_gradient(parameters.layers[l], parameters.tensors[l][0].tensors[0].gradient));
  std::vector<std::vector<GradientPointer>> pointers;
  for (LayerGradients& layer : gradients.layers) pointers.push_back(gradient_pointers(layer));
  for_each_tensor(parameters, [&](std::size_t l, const std::string&, const TensorSpec& spec, std::size_t place, int) {
    if (spec.gradient == GradientForm::whole) *pointers[l][place].whole = Matrix(spec.rows, spec.columns);
  });
  return gradients;
}

void ModelGradients::zero() {
  for (LayerGradients& layer : layers)
    for (const GradientPointer& gradient : gradient_pointers(layer))
      if (gradient.whole != nullptr) gradient.whole->zero();
}

void ModelGradients::clear(std::size_t layer) {
  for (const GradientPointer& gradient : gradient_pointers(layers[layer])) {
    if (gradient.whole != nullptr) gradient.whole->zero();
    if (gradient.rows != nullptr) *gradient.rows = {};
  }
}

std::vector<NamedTensor> named_tensors(ModelParameters& parameters) {
  const std::vector<std::vector<TensorPointer>> pointers = tensor_pointers(parameters);
  std::vector<NamedTensor> tensors;
  for_each_tensor(parameters,
                  [&](std::size_t l, const std::string& name, const TensorSpec& spec, std::size_t place, int owner) {
                    tensors.push_back({name, pointers[l][place].f32, spec.vector, pointers[l][place].bf16, owner});
                    if (!is_here(parameters, owner)) tensors.back().absent = {spec.rows, spec.columns};
                  });
  return tensors;
}

std::vector<TrainedTensor> trained_tensors(ModelParameters& parameters, ModelGradients& gradients) {
  std::vector<std::vector<GradientPointer>> pointers;
  for (LayerGradients& layer : gradients.layers) pointers.push_back(gradient_pointers(layer));
  const std::vector<NamedTensor> tensors = named_tensors(parameters);
  std::vector<TrainedTensor> trained;
  std::size_t next = 0;
  for_each_tensor(parameters, [&](std::size_t l, const std::string&, const TensorSpec& spec, std::size_t place, int) {
    const NamedTensor& tensor = tensors[next++];
    if (spec.gradient != GradientForm::whole && spec.gradient != GradientForm::rows) return;
    const GradientPointer& gradient = pointers[l][place];
    trained.push_back({tensor, l, spec.group, gradient.whole, gradient.rows});
  });
  return trained;
}

}  // namespace moelm
