// How often a training reads the weights of a model: what decides whether a Mixture of Experts can pay.
#pragma once

#include <optional>
#include <string>

#include "base/index.hpp"
#include "config/model_config.hpp"

namespace moelm {

/// What a training reads.
struct Reading {
  double tokens = 0;          ///< predicted tokens, repetitions counted
  Index training_tokens = 0;  ///< of the text; 0: unknown
  Index vocabulary = 0;
};

/// Four ratios. Below or above the limits experts seldom pay: then a dense model of the same cost is as good or better.
struct Exposure {
  double per_active_weight = 0;             ///< tokens per weight that a token passes, embedding and softmax excluded
  std::optional<double> per_expert_weight;  ///< tokens that an expert gets on average per weight of one expert; the
                                            ///< minimum over the layers with a gate; nothing if there is none
  std::optional<double> per_row;            ///< tokens of the text per row of a table (per token of the vocabulary)
  std::optional<double> passes;             ///< times that the text is read
};

inline constexpr double kMinPerActiveWeight = 10, kMinPerExpertWeight = 3, kMaxPasses = 8;

/// Of a valid model. The active weights are the multiply-adds for one token without the softmax, as the paper counts
/// (ModelSize::ops_per_timestep).
Exposure exposure(const ModelConfig& model, const Reading& reading);

/// "tokens per active weight 6.0, visits per expert weight 12, occurrences per table row 63, passes 6.0".
std::string exposure_line(const Exposure& exposure);

/// One sentence if experts are unlikely to pay: which ratios say so, and what would help. Else, and for models without
/// a gate, "".
std::string exposure_advice(const ModelConfig& model, const Exposure& exposure);

/// The options (--set) that replace the experts of each layer by one network of the same cost. "" for a model without a
/// gate, and for experts of several hidden layers, whose sum is not such a network.
std::string dense_options(const ModelConfig& model);

}  // namespace moelm
