#include "training/time_plan.hpp"

#include <algorithm>
#include <cmath>

#include "base/check.hpp"

namespace moelm {

namespace {

constexpr Index kUntimedSteps = 5;  // slower than the rest: caches and memory are cold
constexpr Index kFirstSteps = 20;
constexpr double kFirstShare = 0.03, kFirstSeconds = 60, kFirstShareAtMost = 0.1;
constexpr double kShareBetweenLooks = 0.05, kMaxShareBetweenLooks = 0.15;
constexpr Index kStepsBetweenLooks = 10;
constexpr double kReserve = 0.01;
constexpr double kChange = 0.1, kSureChange = 1.0 / 3;  // of the steps that are left
constexpr double kMinChange = 0.01;                     // of all steps

}  // namespace

double seconds_until(Index end, Index step, const TimeCosts& costs) {
  const double steps = static_cast<double>(end - step), step_seconds = steps * costs.step_seconds;
  // The last step is always validated and saved.
  const Index every = costs.validate_every;
  const Index validations = every > 0 ? (end + every - 1) / every - step / every : 1;
  double saves = static_cast<double>(validations);
  if (costs.save_every.steps > 0) saves += steps / static_cast<double>(costs.save_every.steps);
  if (costs.save_every.seconds > 0) saves += step_seconds / costs.save_every.seconds;
  return step_seconds + static_cast<double>(validations) * costs.validation_seconds + saves * costs.save_seconds;
}

Index reachable_step(Index step, Index max_step, double seconds, const TimeCosts& costs) {
  Index low = step + 1, high = max_step;
  while (low < high) {
    const Index middle = low + (high - low + 1) / 2;
    if (seconds_until(middle, step, costs) <= seconds)
      low = middle;
    else
      high = middle - 1;
  }
  return low;
}

void TimePlan::add_step(double seconds) {
  ++all_;
  all_seconds_ += seconds;
  if (++seen_ <= kUntimedSteps) return;
  ++timed_;
  seconds_ += seconds;
}

bool TimePlan::is_due(double elapsed) const {
  if (max_seconds_ <= 0 || all_ == 0) return false;
  if (!first_) {
    const double share = (elapsed - looked_at_) / max_seconds_;
    return share >= (all_ >= kStepsBetweenLooks ? kShareBetweenLooks : kMaxShareBetweenLooks);
  }
  if (elapsed >= std::min(kFirstSeconds, kFirstShareAtMost * max_seconds_)) return true;
  return timed_ >= kFirstSteps && elapsed >= kFirstShare * max_seconds_;
}

double TimePlan::step_seconds() const {
  ensure(all_ > 0, "a step has been timed");
  return timed_ > 0 ? seconds_ / static_cast<double>(timed_) : all_seconds_ / static_cast<double>(all_);
}

std::optional<Index> TimePlan::look(double elapsed, Index step, Index end, Index max_step, const TimeCosts& costs) {
  const Index fits = reachable_step(step, max_step, (1 - kReserve) * max_seconds_ - elapsed, costs);
  const auto change = static_cast<double>(fits - end), left = static_cast<double>(end - step);
  const bool large = std::abs(change) > std::max(kChange * left, kMinChange * static_cast<double>(end));
  const bool sure = change * doubt_ > 0 || std::abs(change) > kSureChange * left;
  const bool plan = first_ ? fits < end || large : large && sure;
  doubt_ = large && !plan ? change : 0;
  first_ = false;
  looked_at_ = elapsed;
  if (doubt_ == 0) {
    timed_ = all_ = 0;
    seconds_ = all_seconds_ = 0;
  }
  return plan ? std::optional(fits) : std::nullopt;
}

}  // namespace moelm
