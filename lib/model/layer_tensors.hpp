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

/// The rank that has a copy of a block of tensors: kEveryRank but for routed experts.
inline int owner_of(const ModelParameters& parameters, std::size_t layer, const TensorBlock& block, Index copy) {
  if (parameters.ranks == nullptr || block.name != "experts") return kEveryRank;
  return std::get<MoeParameters>(parameters.layers[layer]).exchange.owner_of(copy);
}

inline bool is_here(const ModelParameters& parameters, int owner) {
  return owner == kEveryRank || owner == parameters.ranks->rank();
}

/// Calls visit(layer, "layers.L.NAME", declaration, place among the layer's pointers, owner) for every tensor that
/// exists, on this rank or on another.
template <class Visit>
void for_each_tensor(const ModelParameters& parameters, Visit&& visit) {
  for (std::size_t l = 0; l < parameters.tensors.size(); ++l) {
    std::size_t place = 0;
    for (const TensorBlock& block : parameters.tensors[l])
      for (Index copy = 0; copy < block.copies; ++copy) {
        const std::string prefix = "layers." + std::to_string(l) + "." +
                                   (block.name.empty() ? "" : block.name + "." + std::to_string(copy) + ".");
        const int owner = owner_of(parameters, l, block, copy);
        for (const TensorSpec& spec : block.tensors) {
          if (spec.exists()) visit(l, prefix + spec.name, spec, place, owner);
          ++place;
        }
      }
  }
}

}  // namespace moelm
