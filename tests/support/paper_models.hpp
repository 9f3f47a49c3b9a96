// The shapes of the paper's models (table 7).
#pragma once

#include <utility>
#include <vector>

#include "config/model_config.hpp"

namespace moelm {

inline ModelConfig stack(std::vector<LayerConfig> inner) {
  ModelConfig model;
  model.layers.emplace_back(EmbeddingConfig{512});
  for (LayerConfig& layer : inner) model.layers.push_back(std::move(layer));
  model.layers.emplace_back(SoftmaxConfig{});
  return model;
}

inline MoeConfig flat(Index experts, std::vector<Index> hidden = {1024}) {
  MoeConfig moe;
  moe.experts = experts;
  moe.k = experts > 1 ? 4 : 1;
  moe.hidden = std::move(hidden);
  return moe;
}

inline ModelConfig around(const MoeConfig& moe) { return stack({LstmConfig{512, 0}, moe, LstmConfig{512, 0}}); }

}  // namespace moelm
