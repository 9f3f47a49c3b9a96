// The training loop: batches, steps, validations and checkpoints in their order. It prints nothing and writes no file,
// but tells an observer what happens.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "base/stopwatch.hpp"
#include "batch/batch_source.hpp"
#include "config/schedule.hpp"
#include "config/train_config.hpp"
#include "options/interval.hpp"
#include "training/learner.hpp"
#include "training/read_retry.hpp"
#include "training/time_plan.hpp"
#include "training/train_observer.hpp"
#include "training/train_progress.hpp"

namespace moelm {

/// The maximum fraction of the training time spent on checkpoints if train.checkpoint_every is auto.
inline constexpr double kMaxSavingShare = 0.02;

/// Estimated bytes per second of a save (write, sync and read back), measured on two busy cores. The first save shows
/// the real rate.
inline constexpr double kSaveRate = 100e6;

/// Seconds between checkpoints under `auto` if a save takes `save_seconds`: ten minutes, or longer to keep
/// kMaxSavingShare.
double automatic_interval(double save_seconds);

/// Why run() returned.
enum class TrainEnd { finished, out_of_patience, time_is_up, stopped };

/// One run over one dataset. All that resuming needs is in learner(), carried() and progress().
class Trainer {
 public:
  /// REQUIRES a planned configuration: steps, warmup and intervals are positive. References must outlive the trainer.
  /// With several ranks this is the leader, and the followers run follow_training().
  Trainer(Context& context, const RunConfig& config, const Dataset& data, Communicator& ranks = alone());

  Learner& learner() { return learner_; }
  /// The state of all streams; of several ranks the leader collects it.
  ModelState& carried() { return learner_.carried().all(); }
  /// Whether the next batch continues from carried(): not with whole lines, and not at the start of a pass.
  bool carries() const { return config_.train.state == StateKind::carry && progress_.next.index > 0; }
  /// Sets the state of all streams to zero.
  void reset_carried() { learner_.carried().reset(batches_->streams()); }
  TrainProgress& progress() { return progress_; }
  const TrainProgress& progress() const { return progress_; }
  Index steps_per_pass() const { return batches_->batches_per_pass(); }

  /// Whether the last step is validated, or there is no validation text.
  bool is_validated() const;

  /// The last step whose weights are known to give finite numbers, because a validation or the next applied step used
  /// them. 0 or less: none.
  Index sound_step() const;

  /// Error(diverged) if the run must not count as finished well: the last validation is not finite, or the last steps
  /// were skipped and no validation has shown since that the weights are sound.
  void require_finite_end() const;

  /// How long reading is retried if the text cannot be read. Default: 60 seconds.
  void set_read_patience(double seconds) { read_seconds_ = seconds; }

  /// Sets the maximum number of steps that may be planned for a time. Default: max_planned_steps.
  void set_max_steps(Index steps) { max_steps_ = steps; }

  /// A clock in seconds, which must not run backwards. Default: a Stopwatch.
  void set_clock(std::function<double()> seconds) { clock_ = std::move(seconds); }

  /// The planned steps and their learning rates: those of the configuration until the time plans others.
  Index steps() const { return steps_; }
  const Schedule& schedule() const { return schedule_; }
  void set_plan(const Schedule& schedule, Index steps);

  /// Trains until the planned step, the end of patience, `max_seconds` (0: no limit) or a request to stop. With a limit
  /// and a schedule that decays to a planned end, steps are planned for the time (TimePlan), so that the rate comes to
  /// its end, and the last validation and save fit into the time; if that fails, training is cut when the time is up.
  /// Saves at the end, and validates before that unless a stop was requested. If a request cut the last validation
  /// short, the next run() repeats it. If the text cannot be read, or anything else fails outside a step, the state is
  /// saved before the error is thrown. Error(diverged) after train.max_bad_steps skipped steps in a row, or once a
  /// weight is not finite.
  TrainEnd run(TrainObserver& observer, double max_seconds);

 private:
  /// Returns false if a request or the time limit ended the wait for the text.
  bool train_step(TrainObserver& observer);
  bool next_batch(TrainObserver& observer, bool& fresh);
  ReadRetry read_retry(TrainObserver& observer);
  TrainEnd run_to_its_end(TrainObserver& observer);
  /// Saves the state after an error if it is consistent. Returns whether it is saved now.
  bool rescue(TrainObserver& observer);
  bool is_saved() const;
  bool stop_requested(TrainObserver& observer) const { return stop_asked_ || observer.stop_requested(); }
  bool time_is_up() { return max_seconds_ > 0 && now() - started_ >= max_seconds_; }
  /// Counts a step that was not finite, tells the observer, and ends training if it cannot continue.
  void note_non_finite(TrainObserver& observer, const StepReport& report);
  [[noreturn]] void diverge(const std::string& found) const;
  /// Returns whether patience is left.
  bool validate(TrainObserver& observer, bool scheduled);
  void judge(double nll);
  bool validation_due() const;
  TrainEnd train(TrainObserver& observer);
  void begin_time_plan();
  TimeCosts time_costs();
  /// Plans the number of steps again if it is time to.
  void plan_by_time(TrainObserver& observer);
  void save(TrainObserver& observer, SaveTime time);
  /// Seconds between checkpoints if they come by time.
  double save_interval() const;
  bool checkpoint_due(double now) const;
  double now() { return clock_ ? clock_() : watch_.seconds(); }

  Context& context_;
  const RunConfig& config_;
  Schedule schedule_;
  Index steps_;          ///< planned
  Index max_steps_ = 0;  ///< that a time may plan; 0: max_planned_steps
  const Dataset& data_;
  Learner learner_;
  std::unique_ptr<BatchSource> batches_;
  TrainProgress progress_;
  Batch batch_;
  Interval checkpoint_every_;
  Stopwatch watch_;
  std::function<double()> clock_;  ///< in place of the watch
  TimePlan time_plan_;
  double validation_seconds_ = 0;  ///< of the last validation; 0: none yet
  double started_ = 0, seconds_before_ = 0, saved_at_ = 0, save_seconds_ = 0, announced_interval_ = 0;
  double max_seconds_ = 0, read_seconds_ = 60;
  Index saved_step_ = 0, saved_validation_ = 0;
  Index save_tried_step_ = 0;  ///< of the last save, whether or not it succeeded
  bool stop_asked_ = false;    ///< by a signal at another rank
  bool consistent_ = true;     ///< weights, carried state and text position belong together; false within a step
  std::optional<double> unsaved_best_;  ///< nats per token of the current weights if they beat those kept
};

}  // namespace moelm
