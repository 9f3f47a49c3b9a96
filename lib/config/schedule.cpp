#include "config/schedule.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/check.hpp"

namespace moelm {

namespace {
constexpr double kFinalFraction = 0.02;  // of the peak, at the planned end of cosine and linear
}

double ScheduleSegment::at(Index step) const {
  const auto t = static_cast<double>(std::max<Index>(step - first_step + 1, 1));
  const double w = static_cast<double>(std::max<Index>(warmup, 1));
  // The paper's (appendix C.1): linear increase, then proportional to the inverse square root of the step.
  if (kind == ScheduleKind::inverse_sqrt) return peak * std::min(t / w, std::sqrt(w / t));
  const double planned = static_cast<double>(std::max<Index>(steps, 1));
  const double now = ends_by_plan(kind) ? std::min(t, planned) : t;
  if (now < w) return peak * now / w;
  if (!ends_by_plan(kind)) return peak;
  const double progress = std::clamp((now - w) / std::max(1.0, planned - w), 0.0, 1.0);
  if (kind == ScheduleKind::linear) return peak * (1 - (1 - kFinalFraction) * progress);
  return peak * (kFinalFraction + (1 - kFinalFraction) * 0.5 * (1 + std::cos(std::numbers::pi * progress)));
}

bool ends_by_plan(ScheduleKind kind) { return kind == ScheduleKind::cosine || kind == ScheduleKind::linear; }

double Schedule::at(Index step, double plateau_factor) const {
  ensure(!empty(), "a schedule has a course");
  const auto is_over = [step](const ScheduleSegment& segment) { return segment.last_step() < step; };
  const auto found = std::find_if_not(segments.begin(), segments.end() - 1, is_over);
  const double rate = found->at(step);
  // Halvings wait for the end of the warm-up.
  const bool halved = found->kind == ScheduleKind::plateau && step - found->first_step + 1 >= found->warmup;
  return halved ? rate * plateau_factor : rate;
}

}  // namespace moelm
