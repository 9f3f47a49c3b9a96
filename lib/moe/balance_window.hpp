// The balancing losses over several steps: a step of few tokens is uneven by chance, and a loss over such a step pushes
// against chance. Earlier steps count with falling weight, as if they belonged to the batch.
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "config/moe_config.hpp"
#include "moe/routing.hpp"

namespace moelm {

/// Sums over the steps before, each step's weight (1 - 1 / W) of the next one's; of one layer.
struct BalanceWindow {
  double steps = 0;                                              ///< the sum of the weights, which goes to W - 1
  std::vector<double> importance, load;                          ///< [E]
  std::vector<double> primary_load, secondary_load, group_rows;  ///< of a hierarchy, as in RoutingSums

  /// Takes a step into the window of W >= 1 steps.
  void advance(const RoutingSums& step, Index window);
  /// The sums of a step and of those before it. Importance and load only: the rest is the step's own.
  RoutingSums with(const RoutingSums& step) const;
  /// The layer with w_importance and w_load times the number of steps. A batch of n steps has n times the tokens, so
  /// one token moves CV^2 by an n-th; its cross-entropy here is that of a single step.
  MoeConfig weighted(MoeConfig config) const;
};

/// The window of a layer before its first step.
BalanceWindow make_balance_window(const MoeConfig& config);

/// All numbers of a window, each behind `prefix` and its name, for checkpoints.
std::vector<std::pair<std::string, std::span<double>>> window_tensors(const std::string& prefix, BalanceWindow& window);

}  // namespace moelm
