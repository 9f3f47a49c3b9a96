// The interface through which a training reports its events: to a run on disk, a console, a test.
#pragma once

#include <string>
#include <vector>

#include "base/error.hpp"
#include "config/schedule.hpp"
#include "evaluation/evaluation.hpp"
#include "training/learner.hpp"
#include "training/time_plan.hpp"
#include "training/train_progress.hpp"

namespace moelm {

struct StepReport {
  const StepResult& result;
  const TrainProgress& progress;
  double lr;
  double tokens_per_s;
  BatchPosition batch;  ///< of the training text
};

struct ValidationReport {
  const Evaluation& evaluation;
  const TrainProgress& progress;
  bool best;                                ///< better than every saved checkpoint; never if it is not finite
  const std::vector<RoutingSums>& routing;  ///< one entry per layer, without rows where the layer is no MoE
};

/// A number of steps that was planned for the time.
struct PlanReport {
  Index step;      ///< finished when it was planned
  Index steps;     ///< planned now
  Index before;    ///< planned before
  double elapsed;  ///< seconds of the limit that are used up
  double max_seconds;
  const TimeCosts& costs;
  const Schedule& schedule;  ///< with the new plan
};

/// Whether training continues after a checkpoint.
enum class SaveTime { underway, at_the_end };

/// Called from the training thread. By default every function does nothing.
class TrainObserver {
 public:
  virtual ~TrainObserver() = default;
  /// A line for a person: a warning or a note.
  virtual void message(const std::string& /*text*/) {}
  virtual void on_step(const StepReport& /*report*/) {}
  /// `report.result.fault` names what was not finite. If the step was applied nevertheless, a weight is spoiled:
  /// training then ends with Error(diverged) and saves nothing.
  virtual void on_non_finite_step(const StepReport& /*report*/) {}
  virtual void on_validation(const ValidationReport& /*report*/) {}
  /// The number of steps was planned for the time. Returns whether the plan is stored: else the plan before stays.
  virtual bool on_plan(const PlanReport& /*report*/) { return true; }
  /// Time to save: after an interval, after a best validation, or at the end. Returns whether the state is saved now.
  /// Throws if training cannot continue without it.
  virtual bool on_save(bool /*best*/, SaveTime /*time*/) { return true; }
  /// The checkpoint is durable.
  virtual void on_saved(const std::string& /*checkpoint*/, bool /*best*/) {}
  /// A save took so long that the next one comes later, so that saving takes at most kMaxSavingShare of the time.
  virtual void on_slow_save(double /*save_seconds*/, double /*next_seconds*/) {}
  /// The text cannot be read. The state is saved next, then reading is retried for `seconds`.
  virtual void on_read_error(const Error& /*error*/, double /*seconds*/) {}
  /// The text can be read again, after `seconds`.
  virtual void on_read_again(double /*seconds*/) {}
  /// Asked before the first step, after each step, within validations and while reading is retried.
  virtual bool stop_requested() { return false; }
};

}  // namespace moelm
