#include "optim/schedule.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace moelm {

namespace {
constexpr double kFinalFraction = 0.02;  // of the peak, at the planned end of cosine and linear
}

double Schedule::at(Index step) const {
  const double t = static_cast<double>(std::min(step, std::max<Index>(planned_steps, 1)));
  const double w = static_cast<double>(std::max<Index>(warmup, 1));
  if (kind == ScheduleKind::inverse_sqrt) {
    // The paper's (appendix C.1): linear increase, then proportional to the inverse square root of the step.
    return peak * std::min(t / w, std::sqrt(w / t));
  }
  if (t < w) return peak * t / w;
  const double rest = std::max(1.0, static_cast<double>(planned_steps) - w);
  const double progress = std::clamp((t - w) / rest, 0.0, 1.0);
  switch (kind) {
    case ScheduleKind::cosine:
      return peak * (kFinalFraction + (1 - kFinalFraction) * 0.5 * (1 + std::cos(std::numbers::pi * progress)));
    case ScheduleKind::linear:
      return peak * (1 - (1 - kFinalFraction) * progress);
    case ScheduleKind::plateau:
      return peak * plateau_factor;
    default:
      return peak;
  }
}

}  // namespace moelm
