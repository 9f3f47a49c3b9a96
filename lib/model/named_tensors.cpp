#include "model/language_model.hpp"
#include "model/parameters.hpp"

namespace moelm {

namespace {

/// Calls visit(name, matrix, is vector) for the tensors of a layer beside experts; empty ones are left out.
template <class Visit>
class TensorNames {
 public:
  TensorNames(std::size_t layer, Visit& visit) : prefix_("layers." + std::to_string(layer) + "."), visit_(visit) {}

  void of(LstmParameters& lstm) {
    add("weight_ih", lstm.weight_ih);
    add("weight_hh", lstm.weight_hh);
    add("bias", lstm.bias, true);
    add("weight_hr", lstm.weight_hr);
  }
  void of(GatesParameters& gates) {
    for_each_gate(gates, [&](const std::string& level, GateParameters& gate) {
      add(level + "gate.weight", gate.weight);
      add(level + "noise.weight", gate.noise);
      add(level + "gate.bias", gate.bias, true);
      add(level + "gate.thresholds", gate.thresholds, true);
    });
  }
  void of(SoftmaxParameters& softmax) {
    add("weight", softmax.weight);
    add("bias", softmax.bias, true);
  }
  template <class VisitRounded>
  void of(const std::string& kind, std::vector<ExpertParameters>& experts, const VisitRounded& visit_rounded) {
    for (std::size_t e = 0; e < experts.size(); ++e)
      for (std::size_t j = 0; j < experts[e].matrices(); ++j) {
        const std::string name = kind + "." + std::to_string(e) + ".weight_" + std::to_string(j);
        if (experts[e].weight.empty())
          visit_rounded(prefix_ + name, experts[e].rounded[j]);
        else
          add(name, experts[e].weight[j]);
      }
  }
  void add(const std::string& name, Matrix& values, bool vector = false) {
    if (!values.empty()) visit_(prefix_ + name, values, vector);
  }

 private:
  std::string prefix_;
  Visit& visit_;
};

}  // namespace

std::vector<NamedTensor> named_tensors(ModelParameters& parameters) {
  std::vector<NamedTensor> tensors;
  const auto add = [&](const std::string& name, Matrix& values, bool vector) {
    tensors.push_back({name, &values, vector});
  };
  const auto add_rounded = [&](const std::string& name, Bf16Matrix& values) {
    tensors.push_back({name, nullptr, false, &values});
  };
  for (std::size_t i = 0; i < parameters.layers.size(); ++i) {
    TensorNames names(i, add);
    LayerParameters& layer = parameters.layers[i];
    if (auto* embedding = std::get_if<EmbeddingParameters>(&layer)) names.add("weight", embedding->weight);
    if (auto* lstm = std::get_if<LstmParameters>(&layer)) names.of(*lstm);
    if (auto* softmax = std::get_if<SoftmaxParameters>(&layer)) names.of(*softmax);
    if (auto* moe = std::get_if<MoeParameters>(&layer)) {
      names.of(moe->gates);
      names.of("experts", moe->experts, add_rounded);
      names.of("shared", moe->shared, add_rounded);
    }
  }
  return tensors;
}

std::vector<NamedGradient> named_gradients(ModelGradients& gradients) {
  std::vector<NamedGradient> named;
  const auto add = [&](const std::string& name, Matrix& values, bool) { named.push_back({name, &values}); };
  for (std::size_t i = 0; i < gradients.layers.size(); ++i) {
    TensorNames names(i, add);
    const std::string prefix = "layers." + std::to_string(i) + ".";
    LayerGradients& layer = gradients.layers[i];
    if (auto* rows = std::get_if<RowGradient>(&layer)) named.push_back({prefix + "weight", nullptr, rows});
    if (auto* lstm = std::get_if<LstmParameters>(&layer)) names.of(*lstm);
    if (auto* gates = std::get_if<GatesParameters>(&layer)) names.of(*gates);
    if (auto* softmax = std::get_if<SoftmaxParameters>(&layer)) names.of(*softmax);
    if (auto* sampled = std::get_if<SampledSoftmaxGradient>(&layer)) {
      named.push_back({prefix + "weight", nullptr, &sampled->weight});
      named.push_back({prefix + "bias", nullptr, &sampled->bias});
    }
  }
  std::erase_if(named, [](const NamedGradient& g) { return g.name.ends_with(".gate.bias"); });
  return named;
}

std::vector<NamedTensor> state_tensors(ModelState& state) {
  std::vector<NamedTensor> tensors;
  for (std::size_t l = 0; l < state.layers.size(); ++l) {
    if (state.layers[l].h.empty()) continue;
    const std::string prefix = "layers." + std::to_string(l) + ".";
    tensors.push_back({prefix + "h", &state.layers[l].h, false});
    tensors.push_back({prefix + "c", &state.layers[l].c, false});
  }
  return tensors;
}

}  // namespace moelm
