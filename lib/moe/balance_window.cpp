#include "moe/balance_window.hpp"

#include "base/check.hpp"

namespace moelm {

namespace {

void add(const std::vector<double>& from, std::vector<double>& to) {
  ensure(from.size() == to.size(), "sums of one layer");
  for (std::size_t i = 0; i < from.size(); ++i) to[i] += from[i];
}

}  // namespace

void BalanceWindow::advance(const RoutingSums& step, Index window) {
  const double decay = 1 - 1 / static_cast<double>(window);
  const auto take = [&](const std::vector<double>& from, std::vector<double>& to) {
    add(from, to);
    for (double& x : to) x *= decay;
  };
  take(step.importance, importance);
  take(step.load, load);
  take(step.primary_load, primary_load);
  take(step.secondary_load, secondary_load);
  take(step.group_rows, group_rows);
  steps = (steps + 1) * decay;
}

RoutingSums BalanceWindow::with(const RoutingSums& step) const {
  RoutingSums sums = step;
  add(importance, sums.importance);
  add(load, sums.load);
  add(primary_load, sums.primary_load);
  add(secondary_load, sums.secondary_load);
  add(group_rows, sums.group_rows);
  sums.combine_levels();
  return sums;
}

MoeConfig BalanceWindow::weighted(MoeConfig config) const {
  config.w_importance *= 1 + steps;
  config.w_load *= 1 + steps;
  return config;
}

BalanceWindow make_balance_window(const MoeConfig& config) {
  const auto experts = static_cast<std::size_t>(config.experts);
  const auto groups = static_cast<std::size_t>(config.groups);
  BalanceWindow window;
  window.importance.resize(experts);
  window.load.resize(experts);
  window.primary_load.resize(groups);
  window.secondary_load.resize(groups > 0 ? experts : 0);
  window.group_rows.resize(groups);
  return window;
}

std::vector<std::pair<std::string, std::span<double>>> window_tensors(const std::string& prefix,
                                                                      BalanceWindow& window) {
  std::vector<std::pair<std::string, std::span<double>>> tensors = {{prefix + "steps", {&window.steps, 1}},
                                                                    {prefix + "importance", window.importance},
                                                                    {prefix + "load", window.load}};
  if (window.group_rows.empty()) return tensors;
  tensors.emplace_back(prefix + "primary_load", window.primary_load);
  tensors.emplace_back(prefix + "secondary_load", window.secondary_load);
  tensors.emplace_back(prefix + "group_rows", window.group_rows);
  return tensors;
}

}  // namespace moelm
