// The learning rate as a pure function of the step.
#pragma once

#include "base/index.hpp"
#include "optim/config.hpp"

namespace moelm {

/// Course of a learning rate. Steps count from 1; past planned_steps a schedule holds its last value.
struct Schedule {
  ScheduleKind kind = ScheduleKind::cosine;
  double peak = 1e-3;
  Index warmup = 100;
  Index planned_steps = 1000;
  double plateau_factor = 1;  ///< product of the halvings so far, for ScheduleKind::plateau

  double at(Index step) const;
};

}  // namespace moelm
