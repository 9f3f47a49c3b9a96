// How evenly an MoE layer uses its experts: the measures of table 6, and the experts without a token.
#pragma once

#include "moe/routing.hpp"

namespace moelm {

struct LayerBalance {
  double cv_importance = 0;
  double cv_load = 0;
  double max_over_mean_load = 0;
  Index dead = 0;     ///< experts without a token
  Index experts = 0;  ///< all experts of the layer
};

LayerBalance balance_of(const RoutingSums& sums);

}  // namespace moelm
