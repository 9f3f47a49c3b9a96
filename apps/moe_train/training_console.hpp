// What a person sees of a training run: progress, validations, messages, and when it will end.
#pragma once

#include <string>
#include <vector>

#include "base/stopwatch.hpp"
#include "terminal/console.hpp"
#include "training/train_observer.hpp"

namespace moelm {

/// Shows a run on a console. Paints at most five times per second, so that watching costs no time.
class TrainingConsole final : public TrainObserver {
 public:
  /// `max_seconds`: the time limit given by the user, 0 for none. The console must outlive this object.
  TrainingConsole(Console& console, const RunConfig& config, double max_seconds);

  void message(const std::string& text) override;
  void on_step(const StepReport& report) override;
  void on_validation(const ValidationReport& report) override;
  bool on_plan(const PlanReport& plan) override;

  /// The plan in force.
  const Schedule& schedule() const { return schedule_; }
  /// What became of the given time: how often steps were planned for it, how much of it is used, and the learning rate
  /// in the last step. "" without a limit.
  std::string time_summary(Index step);

 private:
  double seconds_per_step() const;
  /// Seconds until the last step or the time limit, at the speed so far. Negative if not known yet.
  double remaining(Index step, double now) const;
  void announce(Index step, double now);
  /// The experts without a token in a validation, for the end of its line. Empty if there are none.
  std::string dead_experts(const std::vector<RoutingSums>& routing) const;
  void paint(const StepReport& report, double now);

  Console& console_;
  const RunConfig& config_;
  double max_seconds_;
  Schedule schedule_;
  Index steps_;               ///< planned
  std::vector<Index> plans_;  ///< the steps of each plan for the time
  Stopwatch watch_;
  double painted_ = -1;
  double step_seconds_ = 0;  ///< sum over the timed steps, without validations and checkpoints
  Index steps_seen_ = 0;
};

}  // namespace moelm
