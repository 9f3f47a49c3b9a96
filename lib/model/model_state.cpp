#include "model/model_state.hpp"

namespace moelm {

void ModelState::reset(const ModelParameters& parameters, Index streams) {
  layers.resize(parameters.layers.size());
  for (std::size_t l = 0; l < layers.size(); ++l)
    if (const auto* lstm = std::get_if<LstmParameters>(&parameters.layers[l])) layers[l].reset(streams, *lstm);
}

void ModelState::copy_from(const ModelState& other) {
  layers.resize(other.layers.size());
  for (std::size_t l = 0; l < layers.size(); ++l) {
    layers[l].h.copy_from(other.layers[l].h);
    layers[l].c.copy_from(other.layers[l].c);
  }
}

ModelState ModelState::clone() const {
  ModelState copy;
  for (const LstmState& layer : layers) copy.layers.push_back({layer.h.clone(), layer.c.clone()});
  return copy;
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
