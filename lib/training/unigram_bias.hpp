// First values of the softmax's biases from the frequencies of the training text.
#pragma once

#include "data/dataset.hpp"
#include "model/parameters.hpp"

namespace moelm {

/// Occurrences of every token in a split, [V]. Error(bad_data) if a shard is damaged.
std::vector<Index> token_counts(const Dataset& data, Split split);

/// Sets the biases of the softmax to ln((count + 1) / (tokens + V)): with zero logits the model is then the unigram
/// model of `counts` [V], smoothed by one. The head of an adaptive softmax gets these biases for its tokens and its
/// clusters; tokens within a cluster have none.
void set_unigram_bias(std::span<const Index> counts, ModelParameters& parameters);

}  // namespace moelm
