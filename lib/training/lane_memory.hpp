// The memory that several lanes of a rank take beside that of their rows.
#pragma once

#include "base/index.hpp"
#include "config/model_config.hpp"

namespace moelm {

/// Numbers; none for a single lane.
struct LaneNumbers {
  double partial_sums = 0;  ///< of gradients along the tree of lanes: copies of all gradients
  double tables = 0;        ///< gradients of a tied table, which wait from the softmax for the embedding
  double factors = 0;       ///< LstmFactors of a lane, of the layer that needs most
};

LaneNumbers lane_numbers(const ModelConfig& config, Index vocabulary, double rows_of_rank, Index lanes);

}  // namespace moelm
