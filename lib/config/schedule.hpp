// The learning rate as a pure function of the step: courses one after another.
#pragma once

#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include "base/index.hpp"
#include "base/option.hpp"

namespace moelm {

/// How the learning rate goes on after the linear warm-up.
enum class ScheduleKind {
  inverse_sqrt,  ///< the paper's: lr * sqrt(warmup / t)
  cosine,        ///< to 2 % of the peak at the planned end, constant afterwards
  linear,        ///< to 2 % of the peak at the planned end, constant afterwards
  plateau,       ///< constant, halved when the validation perplexity does not improve
  constant,
};

template <>
struct EnumNames<ScheduleKind> {
  static constexpr std::array<std::pair<std::string_view, ScheduleKind>, 5> values = {
      {{"inverse-sqrt", ScheduleKind::inverse_sqrt},
       {"cosine", ScheduleKind::cosine},
       {"linear", ScheduleKind::linear},
       {"plateau", ScheduleKind::plateau},
       {"constant", ScheduleKind::constant}}};
};

/// One course of the learning rate: a linear warm-up to the peak, then what its kind does. A course that goes on with
/// an earlier one, because the end was planned again, begins within its warm-up or its decay.
struct ScheduleSegment {
  Index first_step = 1;  ///< steps of a run count from 1
  Index steps = 1000;
  Index warmup = 100;
  ScheduleKind kind = ScheduleKind::cosine;
  double peak = 1e-3;
  double warmed = 0;   ///< share of the peak that was reached before first_step, in [0, 1)
  double decayed = 0;  ///< share of the decay that was done before first_step, in [0, 1)

  Index last_step() const { return first_step + steps - 1; }
  /// The rate at a step of the run; cosine and linear hold their last value past last_step(), the others go on.
  double at(Index step) const;
  /// The share of the decay that is done after a step: 0 within the warm-up, 1 from last_step() on. Only for kinds that
  /// decay to a planned end.
  double decay(Index step) const;
};

/// Whether the rates of a kind depend on where its course is planned to end.
bool ends_by_plan(ScheduleKind kind);

/// All courses of a run in order, without gaps: the plan it was begun with, then what was added when it was made longer
/// or when its end was planned again. A course ends where the next begins, though it was planned for more steps.
struct Schedule {
  std::vector<ScheduleSegment> segments;

  bool empty() const { return segments.empty(); }
  /// The last planned step; 0 if nothing is planned.
  Index last_step() const { return empty() ? 0 : segments.back().last_step(); }
  /// The course that decides the rate of a step. REQUIRES a segment.
  const ScheduleSegment& segment_of(Index step) const;
  /// The rate at a step; past the end the last course decides. `plateau_factor` is the product of the halvings so far,
  /// which only ScheduleKind::plateau heeds. REQUIRES a segment.
  double at(Index step, double plateau_factor = 1) const;
};

}  // namespace moelm
