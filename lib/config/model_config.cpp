#include "config/model_config.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "base/quantity.hpp"

namespace moelm {

namespace {

[[noreturn]] void refuse(std::size_t layer, const char* name, const std::string& expected, const std::string& found) {
  throw Error(Exit::bad_config, layer_key(layer, name) + ": expected " + expected + ", found " + found);
}

void validate_softmax(const SoftmaxConfig& c, bool tied, std::size_t layer) {
  if (c.cutoffs.empty()) return;
  for (std::size_t i = 0; i < c.cutoffs.size(); ++i)
    if (const Index min = i == 0 ? 1 : c.cutoffs[i - 1] + 1; c.cutoffs[i] < min)
      refuse(layer, "cutoffs", "rising ids, the next at least " + std::to_string(min), std::to_string(c.cutoffs[i]));
  const std::string with = " with " + layer_key(layer, "cutoffs");
  if (c.samples > 0) refuse(layer, "samples", "0" + with, std::to_string(c.samples));
  if (tied && c.divisor != 1)
    refuse(layer, "divisor", "1" + with + " and model.tied, where clusters read whole rows of the embedding's table",
           format_number(c.divisor));
}

std::string summary(const EmbeddingConfig& c) { return "embedding " + std::to_string(c.width); }

std::string summary(const LstmConfig& c) { return "LSTM " + std::to_string(c.cells); }

std::string summary(const MoeConfig& c) {
  std::string hidden;
  for (const Index units : c.hidden) hidden += (hidden.empty() ? "" : "-") + std::to_string(units);
  return "MoE " + format_count(c.experts) + " x " + hidden + " k " + std::to_string(c.experts_per_token()) +
         (c.hierarchical() ? " in " + format_counted(c.groups, "group") : "");
}

std::string summary(const SoftmaxConfig& c) { return c.cutoffs.empty() ? "softmax" : "adaptive softmax"; }

}  // namespace

std::string summary(const ModelConfig& config) {
  std::string text;
  for (const LayerConfig& layer : config.layers) {
    if (!text.empty()) text += ", ";
    text += std::visit([](const auto& c) { return summary(c); }, layer);
  }
  return text;
}

std::string layer_type(const LayerConfig& layer) {
  constexpr const char* kNames[] = {"embedding", "lstm", "moe", "softmax"};
  return kNames[layer.index()];
}

std::string layer_key(std::size_t layer, std::string_view name) {
  return "model.layers." + std::to_string(layer) + (name.empty() ? "" : ".") + std::string(name);
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
      throw Error(Exit::bad_config, layer_key(i, "type") + ": expected " + expected + ", found " + type);
    if (expected == nullptr && (type == "embedding" || type == "softmax"))
      throw Error(Exit::bad_config,
                  layer_key(i, "type") + ": expected lstm or moe between the first and the last layer, found " + type);
    if (const auto* moe = std::get_if<MoeConfig>(&config.layers[i])) validate(*moe, layer_key(i));
    if (const auto* softmax = std::get_if<SoftmaxConfig>(&config.layers[i])) validate_softmax(*softmax, config.tied, i);
    if (const auto* lstm = std::get_if<LstmConfig>(&config.layers[i]); lstm != nullptr && lstm->cells < 1)
      throw Error(Exit::bad_config,
                  layer_key(i, "cells") + ": expected at least 1, found " + std::to_string(lstm->cells));
  }
  const bool recurrent = std::any_of(config.layers.begin(), config.layers.end(), [](const LayerConfig& layer) {
    return std::holds_alternative<LstmConfig>(layer);
  });
  if (config.weight_drop > 0 && !recurrent)
    throw Error(Exit::bad_config, "model.weight_drop: expected 0 in a model without LSTM layers, found " +
                                      format_number(config.weight_drop));
  const Index width = std::get<EmbeddingConfig>(config.layers[0]).width, read = input_widths(config).back();
  if (width < 1)
    throw Error(Exit::bad_config, layer_key(0, "width") + ": expected at least 1, found " + std::to_string(width));
  if (config.tied && read != width)
    throw Error(Exit::bad_config, "model.tied: expected a softmax that reads the " + std::to_string(width) + " of " +
                                      layer_key(0, "width") + ", found one that reads " + std::to_string(read));
}

}  // namespace moelm
