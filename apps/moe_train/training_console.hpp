// What a person sees of a training run: progress, validations, checkpoints, and when it will end.
#pragma once

#include <string>
#include <vector>

#include "base/stopwatch.hpp"
#include "terminal/console.hpp"
#include "training/training_run.hpp"

namespace moelm {

/// Tells a console. Paints at most five times a second, so that watching costs no time.
class TrainingConsole final : public TrainingView {
 public:
  /// `max_seconds`: the limit that was asked for, 0 for none. The console must outlive this.
  TrainingConsole(Console& console, const RunConfig& config, double max_seconds);

  void message(const std::string& text) override;
  void on_step(const StepReport& report) override;
  void on_validation(const ValidationReport& report) override;
  void on_saved(const std::string& checkpoint, bool best) override;

 private:
  /// Seconds until the last step or the limit, at the speed of the steps seen; negative if not known yet.
  double remaining(Index step, double now) const;
  void announce(Index step, double now);
  /// Says what the limit of time does to the schedule, where the step that will be reached is not its end.
  void tell_cut(Index reached);
  /// Experts that a validation gave nothing, for the end of its line; else empty.
  std::string silent_experts(const std::vector<RoutingSums>& routing) const;
  void paint(const StepReport& report, double now);

  Console& console_;
  const RunConfig& config_;
  double max_seconds_;
  Stopwatch watch_;
  double painted_ = -1;
  double step_seconds_ = 0;  ///< sum over the steps seen, without validations and checkpoints
  Index steps_seen_ = 0;
};

}  // namespace moelm
