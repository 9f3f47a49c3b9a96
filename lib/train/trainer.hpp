// The training loop: batches, steps, validations and checkpoints in their order. It prints nothing and writes no file;
// what happens is told to a listener.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/context.hpp"
#include "optim/schedule.hpp"
#include "train/batch_source.hpp"
#include "train/config.hpp"
#include "train/evaluation.hpp"
#include "train/interval.hpp"
#include "train/learner.hpp"

namespace moelm {

/// Where a run stands: with the tensors, all that the next step depends on.
struct TrainProgress {
  Index step = 0;                 ///< finished optimizer steps
  Index tokens = 0;               ///< predicted tokens trained on
  double seconds = 0;             ///< of training, over all parts of the run
  BatchPosition next;             ///< of the text
  Index best_step = 0;            ///< 0: not validated yet
  double best_nll = 0;            ///< mean nats a token
  Index validated_step = 0;       ///< step of the last validation
  Index without_improvement = 0;  ///< scheduled validations since the best one
  double plateau_factor = 1;
  Index planned_steps = 0;  ///< end of the schedule, fixed when the run began
  Index bad_steps = 0;      ///< in a row, not applied because something was not finite
};

struct StepReport {
  const StepResult& result;
  const TrainProgress& progress;
  double lr;
  double tokens_per_s;
  BatchPosition batch;  ///< of the text that the step was made of
  bool applied = true;  ///< false after a fault that was noticed before anything changed
};

struct ValidationReport {
  const Evaluation& evaluation;
  const TrainProgress& progress;
  bool best;
  const std::vector<RoutingSums>& routing;  ///< one entry a layer, without rows where there is no MoE
};

/// What a listener is told; called from the training thread.
class TrainListener {
 public:
  virtual ~TrainListener() = default;
  virtual void on_step(const StepReport& report) = 0;
  virtual void on_validation(const ValidationReport& report) = 0;
  /// `report.result.fault` says what was not finite. If the step was applied nonetheless (a weight is spoiled),
  /// training ends with Error(diverged) and saves nothing.
  virtual void on_fault(const StepReport& report) = 0;
  /// Time to save: after an interval, a best validation, or at the end.
  virtual void on_save(bool best) = 0;
  /// Asked after each step and within validations.
  virtual bool stop_requested() = 0;
};

/// Why run() returned.
enum class TrainEnd { finished, out_of_patience, time_is_up, stopped };

/// One run over one dataset. Everything that resumption needs is in learner(), carried() and progress().
class Trainer {
 public:
  /// The configuration is resolved: steps, warmup and intervals are positive. References must outlive the trainer.
  Trainer(Context& context, const RunConfig& config, const Dataset& data);

  Learner& learner() { return learner_; }
  ModelState& carried() { return state_; }
  /// Zero state for all streams.
  void reset_carried() { state_.reset(learner_.parameters(), batches_->streams()); }
  TrainProgress& progress() { return progress_; }
  Index steps_per_pass() const { return batches_->batches_per_pass(); }

  /// Trains until the configured step, patience, time (0: no limit) or a request; always validates and saves last.
  /// Error(diverged) after train.max_bad_steps steps in a row that were not finite, or once a weight is not.
  TrainEnd run(TrainListener& listener, double max_seconds);

 private:
  void train_step(TrainListener& listener);
  /// What of a step that was applied is not finite, or empty.
  std::string fault_after(const StepResult& result);
  /// Counts a step with a fault, tells of it, and ends training where it cannot go on.
  void note_fault(TrainListener& listener, const StepReport& report);
  [[noreturn]] void diverge(const std::string& found) const;
  /// Returns whether patience is left.
  bool validate(TrainListener& listener, bool scheduled);
  bool validation_due() const;
  bool checkpoint_due(Index step, double now) const;
  double now() const;

  Context& context_;
  const RunConfig& config_;
  const Dataset& data_;
  Learner learner_;
  std::unique_ptr<BatchSource> batches_;
  ModelState state_;
  TrainProgress progress_;
  Batch batch_;
  Interval checkpoint_every_;
  double started_ = 0, seconds_before_ = 0, saved_at_ = 0;
  Index saved_step_ = 0;
};

}  // namespace moelm
