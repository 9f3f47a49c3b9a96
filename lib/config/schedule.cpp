#include "config/schedule.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/check.hpp"

namespace moelm {

namespace {
constexpr double kFinalFraction = 0.02;  // of the peak, at the planned end of cosine and linear
}

double ScheduleSegment::decay(Index step) const {
  // Without a warm-up the first step has the peak, unless the decay has begun before.
  const double w = static_cast<double>(decayed > 0 ? warmup : std::max<Index>(warmup, 1));
  const double planned = static_cast<double>(std::max<Index>(steps, 1));
  const double now = std::min(static_cast<double>(std::max<Index>(step - first_step + 1, 1)), planned);
  return decayed + (1 - decayed) * std::clamp((now - w) / std::max(1.0, planned - w), 0.0, 1.0);
}

double ScheduleSegment::at(Index step) const {
  const auto t = static_cast<double>(std::max<Index>(step - first_step + 1, 1));
  const double w = static_cast<double>(std::max<Index>(warmup, 1));
  // The paper's (appendix C.1): linear increase, then proportional to the inverse square root of the step.
  if (kind == ScheduleKind::inverse_sqrt) return peak * std::min(t / w, std::sqrt(w / t));
  const double now = ends_by_plan(kind) ? std::min(t, static_cast<double>(std::max<Index>(steps, 1))) : t;
  if (now < w) return warmed > 0 ? peak * (warmed + (1 - warmed) * now / w) : peak * now / w;
  if (!ends_by_plan(kind)) return peak;
  const double progress = decay(step);
  if (kind == ScheduleKind::linear) return peak * (1 - (1 - kFinalFraction) * progress);
  return peak * (kFinalFraction + (1 - kFinalFraction) * 0.5 * (1 + std::cos(std::numbers::pi * progress)));
}

bool ends_by_plan(ScheduleKind kind) { return kind == ScheduleKind::cosine || kind == ScheduleKind::linear; }

const ScheduleSegment& Schedule::segment_of(Index step) const {
  ensure(!empty(), "a schedule has a course");
  const auto begins_later = [step](const ScheduleSegment& segment) { return segment.first_step > step; };
  return *(std::find_if(segments.begin() + 1, segments.end(), begins_later) - 1);
}

double Schedule::at(Index step, double plateau_factor) const {
  const ScheduleSegment& segment = segment_of(step);
  const double rate = segment.at(step);
  // Halvings wait for the end of the warm-up.
  const bool halved = segment.kind == ScheduleKind::plateau && step - segment.first_step + 1 >= segment.warmup;
  return halved ? rate * plateau_factor : rate;
}

}  // namespace moelm
