// The training loop: batches, steps, validations and checkpoints in their order. It prints nothing and writes no file;
// what happens is told to a listener.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "base/stopwatch.hpp"
#include "batch/batch_source.hpp"
#include "config/schedule.hpp"
#include "config/train_config.hpp"
#include "evaluation/evaluation.hpp"
#include "options/interval.hpp"
#include "training/learner.hpp"
#include "training/read_retry.hpp"

namespace moelm {

/// Where a run stands: with the tensors, all that the next step depends on.
struct TrainProgress {
  Index step = 0;       ///< finished optimizer steps
  Index tokens = 0;     ///< predicted tokens trained on
  double seconds = 0;   ///< of training, over all parts of the run
  BatchPosition next;   ///< of the text
  Index best_step = 0;  ///< of the best scheduled validation, which decides; 0: not validated yet
  double best_nll = 0;  ///< mean nats a token
  Index kept_step = 0;  ///< of the best validation whose weights are in a checkpoint; 0: none
  double kept_nll = 0;
  Index validated_step = 0;       ///< step of the last validation
  bool validation_finite = true;  ///< whether its perplexity was a finite number
  Index without_improvement = 0;  ///< scheduled validations since the best one
  double plateau_factor = 1;      ///< product of the halvings so far, for ScheduleKind::plateau
  Index bad_steps = 0;            ///< in a row, not applied because something was not finite
  double saving_seconds = 0;      ///< of `seconds`, spent on checkpoints
};

struct StepReport {
  const StepResult& result;
  const TrainProgress& progress;
  double lr;
  double tokens_per_s;
  BatchPosition batch;  ///< of the text that the step was made of
};

struct ValidationReport {
  const Evaluation& evaluation;
  const TrainProgress& progress;
  bool best;                                ///< better than all that are kept; never where it is not finite
  const std::vector<RoutingSums>& routing;  ///< one entry a layer, without rows where there is no MoE
};

/// Whether training goes on after a checkpoint.
enum class SaveTime { underway, at_the_end };

/// What a listener is told; called from the training thread.
class TrainListener {
 public:
  virtual ~TrainListener() = default;
  virtual void on_step(const StepReport& report) = 0;
  virtual void on_validation(const ValidationReport& report) = 0;
  /// `report.result.fault` says what was not finite. If the step was applied nonetheless (a weight is spoiled),
  /// training ends with Error(diverged) and saves nothing.
  virtual void on_fault(const StepReport& report) = 0;
  /// Time to save: after an interval, a best validation, or at the end. False: it failed, and training goes on without;
  /// where it may not go on, this throws.
  virtual bool on_save(bool best, SaveTime time) = 0;
  /// A save took so long that the next one comes later, for saving to take at most kMostSaving of the time.
  virtual void on_slow_save(double save_seconds, double next_seconds) = 0;
  /// The text cannot be read; what is whole is saved next, then reading is tried again for `seconds`.
  virtual void on_read_error(const Error&, double /*seconds*/) {}
  /// It can be read again, after so many seconds.
  virtual void on_read_again(double /*seconds*/) {}
  /// Asked before the first step, after each step, within validations and while reading is tried again.
  virtual bool stop_requested() = 0;
};

/// The share of training time that checkpoints may take where train.checkpoint_every is auto.
inline constexpr double kMostSaving = 0.02;

/// Seconds from one checkpoint to the next under `auto` where a save takes so long: ten minutes, or what keeps
/// kMostSaving.
double automatic_interval(double save_seconds);

/// Why run() returned.
enum class TrainEnd { finished, out_of_patience, time_is_up, stopped };

/// One run over one dataset. Everything that resumption needs is in learner(), carried() and progress().
class Trainer {
 public:
  /// The configuration is resolved: steps, warmup and intervals are positive. References must outlive the trainer.
  Trainer(Context& context, const RunConfig& config, const Dataset& data);

  Learner& learner() { return learner_; }
  ModelState& carried() { return state_; }
  /// Whether the next batch goes on from carried(): not in whole lines, and not at the start of a pass.
  bool carries() const { return config_.train.state == StateKind::carry && progress_.next.index > 0; }
  /// Zero state for all streams.
  void reset_carried() { state_.reset(learner_.parameters(), batches_->streams()); }
  TrainProgress& progress() { return progress_; }
  const TrainProgress& progress() const { return progress_; }
  Index steps_per_pass() const { return batches_->batches_per_pass(); }

  /// Whether the run's last step is validated, or cannot be.
  bool is_validated() const;

  /// The last step whose weights have proven to give finite numbers: in a validation, or as the start of a step that
  /// was applied. 0 or less: none.
  Index sound_step() const;

  /// Error(diverged) where a run may not end as if it were well: the last validation is not finite, or neither it nor
  /// a step has proven the last weights after steps that were not.
  void require_finite_end() const;

  /// How long reading is tried again where the text cannot be read; 60 seconds unless told.
  void set_read_patience(double seconds) { read_seconds_ = seconds; }

  /// Trains until the configured step, patience, time (0: no limit) or a request; saves last, and validates before
  /// unless there is a request. Where a request cut the last validation short, the next run() makes up for it. Where
  /// the text cannot be read, or anything else fails outside a step, what is whole is saved before the error is thrown.
  /// Error(diverged) after train.max_bad_steps steps in a row that were not finite, or once a weight is not.
  TrainEnd run(TrainListener& listener, double max_seconds);

 private:
  /// False where waiting for the text was cut short by a request or the time.
  bool train_step(TrainListener& listener);
  bool next_batch(TrainListener& listener, bool& fresh);
  ReadRetry read_retry(TrainListener& listener);
  TrainEnd run_to_its_end(TrainListener& listener);
  /// Saves what is whole after an error; whether it is saved now.
  bool rescue(TrainListener& listener);
  bool is_saved() const;
  bool time_is_up() { return max_seconds_ > 0 && now() - started_ >= max_seconds_; }
  /// Counts a step with a fault, tells of it, and ends training where it cannot go on.
  void note_fault(TrainListener& listener, const StepReport& report);
  [[noreturn]] void diverge(const std::string& found) const;
  /// Returns whether patience is left.
  bool validate(TrainListener& listener, bool scheduled);
  void judge(double nll);
  bool validation_due() const;
  TrainEnd train(TrainListener& listener);
  void save(TrainListener& listener, SaveTime time);
  /// How long until the next checkpoint, for intervals of time.
  double save_interval() const;
  bool checkpoint_due(double now) const;
  double now() { return watch_.seconds(); }

  Context& context_;
  const RunConfig& config_;
  Schedule schedule_;
  const Dataset& data_;
  Learner learner_;
  std::unique_ptr<BatchSource> batches_;
  ModelState state_;
  TrainProgress progress_;
  Batch batch_;
  Interval checkpoint_every_;
  Stopwatch watch_;
  double started_ = 0, seconds_before_ = 0, saved_at_ = 0, save_seconds_ = 0, announced_interval_ = 0;
  double max_seconds_ = 0, read_seconds_ = 60;
  Index saved_step_ = 0, saved_validation_ = 0;
  bool whole_ = true;  ///< weights, carried state and place in the text belong together; not within a step
  std::optional<double> unsaved_best_;  ///< nats a token of the present weights, where they are better than those kept
};

}  // namespace moelm
