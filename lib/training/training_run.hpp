// A training run on disk: the training loop with folder, lock, log and checkpoints.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "checkpoint/checkpoint_store.hpp"
#include "checkpoint/metrics_log.hpp"
#include "io/json.hpp"
#include "run/run_claim.hpp"
#include "run/run_folder.hpp"
#include "tensorboard/event_log.hpp"
#include "training/collapse_watch.hpp"
#include "training/trainer.hpp"

namespace moelm {

/// How a run is started.
struct TrainingStart {
  std::string run;                       ///< its folder
  double max_seconds = 0;                ///< 0: no limit
  Index max_steps = 0;                   ///< that may be planned for max_seconds; 0: max_planned_steps of the run
  std::function<double()> clock;         ///< seconds; empty: the real time
  double read_patience = 60;             ///< seconds for which reading is retried if the text cannot be read
  std::function<bool()> stop_requested;  ///< asked before each step and within validations; empty: never stop
  RunLock::Foreign foreign_lock = RunLock::Foreign::refuse;
  FileSystem* files = &real_file_system();  ///< for the run's folder
  Communicator* ranks = &alone();           ///< that train together, led by this one
};

/// Holds the run's lock while it exists.
class TrainingRun final : public TrainObserver {
 public:
  /// Locks the run and prepares it for training. An existing run (`stored` was read from it, and may differ in values
  /// that may change) continues from its newest intact checkpoint, or from its origin if it has none. A new run
  /// (new_run()) gets its configuration on disk once memory is allocated and the origin's weights fit; if this throws,
  /// nothing of it is left. Error(cannot_create) if another process was faster, Error(bad_data) if checkpoints are
  /// missing, Error(bad_config) if some belong to another run.
  TrainingRun(Context& context, const StoredRun& stored, const Dataset& data, const TrainingStart& start,
              TrainObserver& observer);

  /// Finished optimizer steps so far.
  Index step() { return trainer_.progress().step; }
  /// Whether nothing is left to do: all steps are done and the last one is validated, or patience has run out.
  bool finished();
  Index steps_per_pass() const { return trainer_.steps_per_pass(); }

  /// Trains. Error(diverged) names the last sound checkpoint, if any, and how to continue from it. It is also thrown if
  /// training came to its end but the last validation is not finite.
  TrainEnd run();

  /// The contents of run/result.json. run() writes it when training has ended or its time is up.
  Json result();
  /// Writes result.json of a finished run if it is missing or of an earlier step, because the program may have been
  /// killed after the last checkpoint. Error(diverged) as in run().
  void complete_result();

  void on_step(const StepReport& report) override;
  void on_validation(const ValidationReport& report) override;
  void on_non_finite_step(const StepReport& report) override;
  bool on_plan(const PlanReport& plan) override;
  bool on_save(bool best, SaveTime time) override;
  void on_slow_save(double save_seconds, double next_seconds) override;
  void on_read_error(const Error& error, double seconds) override;
  void on_read_again(double seconds) override;
  bool stop_requested() override { return start_.stop_requested && start_.stop_requested(); }

 private:
  void require_unchanged();
  void load_origin();
  /// If all planned steps are done, but more were asked for together with a time: adds them.
  void extend_plan();
  FoundCheckpoint open_checkpoints();
  void mark_saved();
  void restore(const Checkpoint& checkpoint);
  void tell_differences(const JsonField& state);
  void log(const Json& line);
  bool full_softmax(Index step) const;
  /// Tells when the softmax becomes full, because the logged loss jumps there.
  void tell_softmax(Index step);
  void write_result();
  void save(bool best);
  void prune();
  /// What to do after training diverged. `sound_step` is the last step whose weights are known to be good.
  std::string advice(Index sound_step) const;
  void require_finite_end() const;
  MetricsLog open_log(const std::optional<Checkpoint>& checkpoint);
  Json state_json();

  Context& context_;
  StoredRun stored_;
  const Dataset& data_;
  TrainingStart start_;
  TrainObserver& observer_;
  RunClaim claim_;
  std::optional<CheckpointStore> store_;
  Trainer trainer_;
  CollapseWatch collapse_;
  std::optional<MetricsLog> log_;
  std::optional<EventLog> events_;  ///< of the same lines, if train.tensorboard
  std::string last_checkpoint_;
  bool log_in_trouble_ = false;
  bool prune_due_ = false;  ///< prune() as soon as the weights saved last are known to be sound
};

}  // namespace moelm
