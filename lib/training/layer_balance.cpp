#include "training/layer_balance.hpp"

#include <algorithm>
#include <iterator>

#include "moe/balance.hpp"

namespace moelm {

LayerBalance balance_of(const RoutingSums& sums) {
  return {.cv_importance = coefficient_of_variation(sums.importance),
          .cv_load = coefficient_of_variation(sums.load),
          .max_over_mean_load = max_over_mean(sums.load),
          .dead = std::count(sums.tokens.begin(), sums.tokens.end(), Index{0}),
          .experts = std::ssize(sums.tokens)};
}

}  // namespace moelm
