#include "report/expert_history.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace moelm {

void ExpertHistory::add(double step, const std::vector<double>& tokens) {
  const double sum = std::accumulate(tokens.begin(), tokens.end(), 0.0);
  const auto count = static_cast<Index>(tokens.size());
  if (std::any_of(tokens.begin(), tokens.end(), [](double value) { return !(value >= 0); })) return;
  if (!std::isfinite(step) || !(sum > 0) || !std::isfinite(sum) || (experts_ > 0 && count != experts_)) return;
  while (!steps_.empty() && steps_.back() >= step) {
    steps_.pop_back();
    use_.pop_back();
  }
  experts_ = count;
  if (steps_.size() == kMaxValidations) thin();
  steps_.push_back(step);
  std::vector<float>& use = use_.emplace_back();
  for (const double value : tokens) use.push_back(static_cast<float>(value / sum * static_cast<double>(count)));
}

/// Keeps the validations 0, 2, 4, ...; the newest one is added behind them.
void ExpertHistory::thin() {
  std::size_t kept = 0;
  for (std::size_t v = 0; v < steps_.size(); v += 2, ++kept) {
    steps_[kept] = steps_[v];
    use_[kept].swap(use_[v]);
  }
  steps_.resize(kept);
  use_.resize(kept);
}

double ExpertHistory::moved(std::size_t validation) const {
  double sum = 0;
  for (Index e = 0; e < experts_; ++e) sum += std::abs(use(validation, e) - use(validation - 1, e));
  return sum / (2 * static_cast<double>(experts_));
}

std::vector<ExpertFate> fates(const ExpertHistory& history) {
  std::vector<ExpertFate> all;
  const std::size_t count = history.validations();
  if (count == 0) return all;
  for (Index e = 0; e < history.experts(); ++e) {
    ExpertFate fate;
    fate.expert = e;
    fate.first = history.use(0, e);
    fate.last = history.use(count - 1, e);
    double min = fate.first, max = fate.first;
    bool unused = false;
    for (std::size_t v = 0; v < count; ++v) {
      const double use = history.use(v, e);
      min = std::min(min, use);
      max = std::max(max, use);
      if (use > 0) {
        fate.revived = fate.revived || unused;
        fate.ever_used = true;
        fate.unused_since.reset();
      } else if (!fate.unused_since) {
        fate.unused_since = history.step(v);
      }
      unused = use <= 0;
    }
    fate.largest_change = max - min;
    all.push_back(fate);
  }
  return all;
}

std::vector<ExpertFate> by_change(std::vector<ExpertFate> all) {
  std::stable_sort(all.begin(), all.end(),
                   [](const ExpertFate& a, const ExpertFate& b) { return a.largest_change > b.largest_change; });
  return all;
}

std::vector<Index> most_changed(const std::vector<ExpertFate>& all, std::size_t room) {
  std::vector<Index> experts;
  for (const ExpertFate& fate : by_change(all))
    if (experts.size() < room) experts.push_back(fate.expert);
  std::sort(experts.begin(), experts.end());
  return experts;
}

std::vector<std::size_t> evenly(std::size_t count, std::size_t room) {
  std::vector<std::size_t> places;
  const std::size_t shown = std::min(count, room);
  for (std::size_t i = 0; i < shown; ++i) places.push_back(shown == 1 ? count - 1 : i * (count - 1) / (shown - 1));
  return places;
}

}  // namespace moelm
