// The declared tensors of a model, one after the other.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "model/parameters.hpp"

namespace moelm {

/// Where the tensors of each layer are, those that it lacks included.
inline std::vector<std::vector<TensorPointer>> tensor_pointers(ModelParameters& parameters) {
  std::vector<std::vector<TensorPointer>> pointers;
  for (LayerParameters& layer : parameters.layers)
    pointers.push_back(std::visit([](auto& p) { return tensor_pointers(p); }, layer));
  return pointers;
}

/// Calls visit(layer, "layers.L.NAME", declaration, place among the layer's pointers) for every tensor that exists.
template <class Visit>
void for_each_tensor(const ModelParameters& parameters, Visit&& visit) {
  for (std::size_t l = 0; l < parameters.tensors.size(); ++l) {
    std::size_t place = 0;
    for (const TensorBlock& block : parameters.tensors[l])
      for (Index copy = 0; copy < block.copies; ++copy) {
        const std::string prefix = "layers." + std::to_string(l) + "." +
                                   (block.name.empty() ? "" : block.name + "." + std::to_string(copy) + ".");
        for (const TensorSpec& spec : block.tensors) {
          if (spec.exists()) visit(l, prefix + spec.name, spec, place);
          ++place;
        }
      }
  }
}

}  // namespace moelm
