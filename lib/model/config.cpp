#include "model/config.hpp"

#include "base/check.hpp"

namespace moelm {

namespace {

std::string key(std::size_t layer, const char* name) {
  return "model.layers." + std::to_string(layer) + (*name == '\0' ? "" : ".") + name;
}

void validate_moe(const MoeConfig& c, std::size_t layer) {
  if (c.experts < 1)
    throw Error(Exit::bad_config, key(layer, "experts") + ": expected at least 1, found " + std::to_string(c.experts));
  if (c.gated() && (c.k < 1 || c.k > c.experts))
    throw Error(Exit::bad_config, key(layer, "k") + ": expected 1 to " + std::to_string(c.experts) + " (model.layers." +
                                      std::to_string(layer) + ".experts), found " + std::to_string(c.k));
  if (c.hidden.empty())
    throw Error(Exit::bad_config, key(layer, "hidden") + ": expected at least one hidden layer, found none");
  for (const Index units : c.hidden)
    if (units < 1)
      throw Error(Exit::bad_config,
                  key(layer, "hidden") + ": expected at least 1 unit, found " + std::to_string(units));
}

}  // namespace

std::string layer_type(const LayerConfig& layer) {
  constexpr const char* kNames[] = {"embedding", "lstm", "moe", "softmax"};
  return kNames[layer.index()];
}

std::vector<Index> input_widths(const ModelConfig& config) {
  std::vector<Index> widths;
  Index width = 0;
  for (const LayerConfig& layer : config.layers) {
    widths.push_back(width);
    if (const auto* embedding = std::get_if<EmbeddingConfig>(&layer)) width = embedding->width;
    if (const auto* lstm = std::get_if<LstmConfig>(&layer)) width = lstm->output_width();
  }
  return widths;
}

void validate(const ModelConfig& config) {
  const std::size_t count = config.layers.size();
  require(count >= 2, Exit::bad_config,
          "model.layers: expected an embedding first and a softmax last, found " + std::to_string(count) + " layers");
  for (std::size_t i = 0; i < count; ++i) {
    const std::string type = layer_type(config.layers[i]);
    const char* expected = i == 0 ? "embedding" : i + 1 == count ? "softmax" : nullptr;
    if (expected != nullptr && type != expected)
      throw Error(Exit::bad_config, key(i, "type") + ": expected " + expected + ", found " + type);
    if (expected == nullptr && (type == "embedding" || type == "softmax"))
      throw Error(Exit::bad_config,
                  key(i, "type") + ": expected lstm or moe between the first and the last layer, found " + type);
    if (const auto* moe = std::get_if<MoeConfig>(&config.layers[i])) validate_moe(*moe, i);
    if (const auto* lstm = std::get_if<LstmConfig>(&config.layers[i]); lstm != nullptr && lstm->cells < 1)
      throw Error(Exit::bad_config, key(i, "cells") + ": expected at least 1, found " + std::to_string(lstm->cells));
  }
  if (const Index width = std::get<EmbeddingConfig>(config.layers[0]).width; width < 1)
    throw Error(Exit::bad_config, key(0, "width") + ": expected at least 1, found " + std::to_string(width));
}

}  // namespace moelm
