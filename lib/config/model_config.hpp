// A model is a list of layers: the paper's figure 1 and its baselines are values of ModelConfig.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/index.hpp"
#include "base/option.hpp"
#include "config/moe_config.hpp"

namespace moelm {

/// Table of one row per token; the first layer of every model.
struct EmbeddingConfig {
  Index width = 512;
};

template <class Visitor>
void fields(EmbeddingConfig& c, Visitor&& visit) {
  visit(Option{.key = "width",
               .help = "width of a token's vector. Widen it together with the other layers (model.width)",
               .unit = "units",
               .min = 1},
        c.width);
}

/// LSTM without peepholes, optionally with a projected output (Sak et al. 2014).
struct LstmConfig {
  Index cells = 512;
  Index projection = 0;

  Index output_width() const { return projection > 0 ? projection : cells; }
};

template <class Visitor>
void fields(LstmConfig& c, Visitor&& visit) {
  visit(Option{.key = "cells", .help = "memory cells. More cells fit larger texts", .unit = "units", .min = 1},
        c.cells);
  visit(Option{.key = "projection",
               .help = "width of the projected output, 0 for none. Set it to have more cells than the layer's width",
               .unit = "units",
               .min = 0},
        c.projection);
}

/// Output layer, the last layer of every model. Evaluation always normalises over the whole vocabulary.
struct SoftmaxConfig {
  Index samples = 0;
  std::vector<Index> cutoffs;
  double divisor = 4;
  bool unigram_bias = false;
};

template <class Visitor>
void fields(SoftmaxConfig& c, Visitor&& visit) {
  visit(Option{.key = "samples",
               .help = "tokens sampled per step for the softmax in training, 0 for the full softmax. Set it if a large "
                       "vocabulary takes most of the time",
               .unit = "tokens",
               .min = 0},
        c.samples);
  visit(Option{.key = "cutoffs",
               .help = "adaptive softmax (Grave et al. 2017): ids below the first cutoff have the head, the others "
                       "clusters from cutoff to cutoff. Set it for a large vocabulary of words, sorted by frequency",
               .unit = "tokens",
               .min = 1},
        c.cutoffs);
  visit(Option{.key = "divisor",
               .help = "each cluster of the adaptive softmax is this many times narrower than the one before. Lower it "
                       "if rare words matter; with model.tied it is 1",
               .min = 1},
        c.divisor);
  visit(Option{.key = "unigram_bias",
               .help = "the biases begin as the logarithms of the tokens' frequencies in the training text, not as 0. "
                       "With cutoffs, the head's do"},
        c.unigram_bias);
}

using LayerConfig = std::variant<EmbeddingConfig, LstmConfig, MoeConfig, SoftmaxConfig>;

/// The layers in order, embedding and softmax included.
struct ModelConfig {
  std::vector<LayerConfig> layers;
  double dropout = 0.1;
  bool locked_dropout = false;
  double embedding_dropout = 0;
  double weight_drop = 0;
  bool tied = false;
};

template <class Visitor>
void fields(ModelConfig& c, Visitor&& visit) {
  visit(Option{.key = "dropout",
               .help = "probability of dropping a unit of a layer's output. Raise it if the validation perplexity "
                       "rises while the training loss falls",
               .min = 0,
               .max = 0.99},
        c.dropout);
  visit(Option{.key = "locked_dropout",
               .help = "one dropout mask for all time steps of a stream's window. Set it if a small text is read many "
                       "times"},
        c.locked_dropout);
  visit(Option{.key = "embedding_dropout",
               .help = "probability of dropping a token of the vocabulary, all its units and wherever it occurs in a "
                       "step. Raise it if a small text is read many times",
               .min = 0,
               .max = 0.99},
        c.embedding_dropout);
  visit(Option{.key = "weight_drop",
               .help = "probability of dropping a recurrent weight of an LSTM for a step (DropConnect). Raise it if a "
                       "small text is read many times",
               .min = 0,
               .max = 0.99},
        c.weight_drop);
  visit(Option{.key = "tied",
               .help = "the softmax reads the table of the embedding instead of one of its own. Set it to save memory "
                       "with a large vocabulary"},
        c.tied);
}

/// "embedding", "lstm", "moe" or "softmax".
std::string layer_type(const LayerConfig& layer);

/// The key of a layer's value, "model.layers.2.experts", or without a name that of the layer, "model.layers.2".
std::string layer_key(std::size_t layer, std::string_view name = "");

/// "embedding 512, LSTM 512, MoE 32 x 1024 k 4, LSTM 512, softmax".
std::string summary(const ModelConfig& config);

/// Input width of each layer of a valid model, then of the softmax: widths[i] is what layer i reads (the embedding
/// reads tokens: 0).
std::vector<Index> input_widths(const ModelConfig& config);

/// Throws Error(bad_config) naming the first key that cannot be: no embedding first, no softmax last, k > E, ...
void validate(const ModelConfig& config);

}  // namespace moelm
