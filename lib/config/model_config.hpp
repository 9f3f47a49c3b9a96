// A model is a list of layers: the paper's figure 1 and its baselines are values of ModelConfig.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "base/index.hpp"
#include "base/option.hpp"
#include "config/moe_config.hpp"

namespace moelm {

/// Table of one row a token; the first layer of every model.
struct EmbeddingConfig {
  Index width = 512;
};

template <class Visitor>
void fields(EmbeddingConfig& c, Visitor&& visit) {
  visit(Option{"width", "width of a token's vector", "units", 1}, c.width);
}

/// LSTM without peepholes, optionally with a projected output (Sak et al. 2014).
struct LstmConfig {
  Index cells = 512;
  Index projection = 0;

  Index output_width() const { return projection > 0 ? projection : cells; }
};

template <class Visitor>
void fields(LstmConfig& c, Visitor&& visit) {
  visit(Option{"cells", "memory cells", "units", 1}, c.cells);
  visit(Option{"projection", "width of the projected output, 0 for none", "units", 0}, c.projection);
}

/// Output layer, the last layer of every model. Evaluation always normalises over the whole vocabulary.
struct SoftmaxConfig {
  Index samples = 0;
};

template <class Visitor>
void fields(SoftmaxConfig& c, Visitor&& visit) {
  visit(Option{"samples", "tokens sampled a step for the softmax in training, 0 for the full softmax", "tokens", 0},
        c.samples);
}

using LayerConfig = std::variant<EmbeddingConfig, LstmConfig, MoeConfig, SoftmaxConfig>;

/// The layers in order, embedding and softmax included.
struct ModelConfig {
  std::vector<LayerConfig> layers;
  double dropout = 0.1;
};

template <class Visitor>
void fields(ModelConfig& c, Visitor&& visit) {
  visit(Option{"dropout", "probability of dropping a unit of a layer's output", "", 0, 0.99}, c.dropout);
}

/// "embedding", "lstm", "moe" or "softmax".
std::string layer_type(const LayerConfig& layer);

/// "embedding 512, LSTM 512, MoE 32 x 1024 k 4, LSTM 512, softmax".
std::string summary(const ModelConfig& config);

/// Input width of each layer of a valid model, then of the softmax: widths[i] is what layer i reads (the embedding
/// reads tokens: 0).
std::vector<Index> input_widths(const ModelConfig& config);

/// Throws Error(bad_config) naming the first key that cannot be: no embedding first, no softmax last, k > E, ...
void validate(const ModelConfig& config);

}  // namespace moelm
