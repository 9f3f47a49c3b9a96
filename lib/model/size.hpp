// How large a model is and what it costs to run, counted as the paper counts (tables 7 and 8).
#pragma once

#include <string>
#include <vector>

#include "base/index.hpp"
#include "config/model_config.hpp"

namespace moelm {

/// One layer. Embedding and softmax have no `weights` and no `ops`: the paper leaves them out.
struct LayerSize {
  std::string type;
  Index input_width = 0;   ///< 0 for the embedding, which reads tokens
  Index output_width = 0;  ///< the vocabulary for the softmax
  Index parameters = 0;    ///< every stored number
  Index weights = 0;       ///< weight matrices only, no biases: LSTM 4n(d + r) + n r, expert sum of d_i d_{i+1}, gate
                           ///< 2 d E with noise and d E without
  Index ops = 0;           ///< multiply-adds for one token: the same sum over the k chosen experts only
};

struct ModelSize {
  std::vector<LayerSize> layers;
  Index parameters = 0;
  Index parameters_without_embedding_and_softmax = 0;
  Index ops_per_timestep = 0;
  Index softmax_ops = 0;           ///< multiply-adds of the softmax over the whole vocabulary for one token; of an
                                   ///< adaptive one the head and the cluster of the token, on average by Zipf's law
  Index softmax_training_ops = 0;  ///< the same in training: over the sample where the softmax has one

  /// Part of all multiply-adds of a token in training that the softmax takes.
  double softmax_share() const;
};

/// Size of a valid model over a vocabulary. Error(bad_config) if a number does not fit into 63 bits.
ModelSize model_size(const ModelConfig& config, Index vocabulary);

/// Numbers in the matrices of one expert of a layer that reads `width`.
Index expert_weights(const MoeConfig& config, Index width);

}  // namespace moelm
