#include "training/collapse_watch.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/quantity.hpp"
#include "moe/balance.hpp"

namespace moelm {

namespace {

/// What to change, with the values in force.
std::string advice(const MoeConfig& moe) {
  if (moe.gate == GateKind::balanced) return "the thresholds follow with optimizer.thresholds.lr_scale";
  std::string text = "raise moe.w_importance (now " + format_number(moe.w_importance) + ")";
  if (moe.smooth_load()) text += " or moe.w_load (now " + format_number(moe.w_load) + ")";
  if (moe.gate != GateKind::noisy_top_k) text += ", or take moe.gate=noisy-top-k";
  return text + ", or lower train.lr";
}

}  // namespace

std::vector<std::string> CollapseWatch::add(const std::vector<RoutingSums>& step) {
  layers_.resize(step.size());
  for (std::size_t l = 0; l < step.size(); ++l)
    if (step[l].rows > 0) layers_[l].sums.add(step[l]);
  std::vector<std::string> warnings;
  if (++steps_ < kSteps) return warnings;
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    const std::string warning = layers_[l].sums.rows > 0 ? judge(l, layers_[l].sums) : "";
    if (!warning.empty() && !layers_[l].warned) warnings.push_back(warning);
    layers_[l] = {{}, !warning.empty()};
  }
  steps_ = 0;
  return warnings;
}

std::string CollapseWatch::judge(std::size_t layer, const RoutingSums& sums) const {
  const auto* moe = std::get_if<MoeConfig>(&model_.layers[layer]);
  if (moe == nullptr || !moe->has_gate()) return "";
  const double experts = static_cast<double>(sums.tokens.size());
  const double pairs = static_cast<double>(std::accumulate(sums.tokens.begin(), sums.tokens.end(), Index{0}));
  if (pairs / experts < kLeastTokens) return "";
  const auto dead = std::count(sums.tokens.begin(), sums.tokens.end(), Index{0});
  const double over = max_over_mean(sums.load);
  const bool overloaded = overload_ > 0 && over > overload_;
  if (dead == 0 && !overloaded) return "";
  std::string text = "model.layers." + std::to_string(layer) + ": in " + format_counted(kSteps, "step") + " ";
  if (dead > 0)
    text += std::to_string(dead) + " of " + format_counted(sums.tokens.size(), "expert") + " had no token" +
            (overloaded ? " and " : "");
  if (overloaded) text += "the greatest load was " + format_number(std::round(over * 10) / 10) + " times the mean";
  return text + "; " + advice(*moe);
}

}  // namespace moelm
