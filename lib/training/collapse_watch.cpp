#include "training/collapse_watch.hpp"

#include <cmath>
#include <numeric>

#include "base/quantity.hpp"
#include "training/layer_balance.hpp"

namespace moelm {

namespace {

/// What to change, with the current values.
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
  const LayerBalance balance = balance_of(sums);
  const double tokens = static_cast<double>(std::accumulate(sums.tokens.begin(), sums.tokens.end(), Index{0}));
  if (tokens / static_cast<double>(balance.experts) < kMinTokens) return "";
  const bool overloaded = overload_ > 0 && balance.max_over_mean_load > overload_;
  if (balance.dead == 0 && !overloaded) return "";
  std::string text = layer_key(layer) + ": in " + format_counted(kSteps, "step") + " ";
  if (balance.dead > 0)
    text += std::to_string(balance.dead) + " of " + format_counted(balance.experts, "expert") + " had no token" +
            (overloaded ? " and " : "");
  if (overloaded)
    text +=
        "the maximum load was " + format_number(std::round(balance.max_over_mean_load * 10) / 10) + " times the mean";
  return text + "; " + advice(*moe);
}

}  // namespace moelm
