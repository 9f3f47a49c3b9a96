// Caches of layers within that of the model.
#pragma once

#include <variant>

#include "model/language_model.hpp"

namespace moelm {

/// The cache of a layer, made where the layer had none or one of another form.
template <class T>
T& ensure_cache(LayerCache& cache) {
  if (!std::holds_alternative<T>(cache)) cache.emplace<T>();
  return std::get<T>(cache);
}

/// When a layer with `elements` weights packs them. Very large layers keep no packed copy.
inline WeightPacking packing_of(const ModelCache& cache, Index elements) {
  return elements <= kMaxCachedElements ? cache.packing : WeightPacking::every_pass;
}

}  // namespace moelm
