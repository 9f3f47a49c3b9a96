// A training run on disk: folder, lock, log and checkpoints around the training loop.
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
#include "training/collapse_watch.hpp"
#include "training/trainer.hpp"

namespace moelm {

/// How a run begins, and what it heeds.
struct TrainingStart {
  std::string run;                       ///< the folder
  double max_seconds = 0;                ///< 0: no limit
  double read_patience = 60;             ///< seconds of reading again where the text cannot be read
  std::function<bool()> stop_requested;  ///< asked before each step and within validations; empty: never
  RunLock::Foreign foreign_lock = RunLock::Foreign::refuse;
  FileSystem* files = &real_file_system();  ///< for the run's folder
};

/// Holds the run's lock while it exists.
class TrainingRun final : public TrainObserver {
 public:
  /// Locks the run and is ready to train it. A run that exists (`stored` was read from it, and may differ in what may
  /// change) goes on from its newest intact checkpoint, or where none was saved yet from its origin again. A new one
  /// (new_run) is begun: its folder gets a configuration once memory is there and the origin's weights fit; when this
  /// throws, nothing of it is left. Error(cannot_create) where another process was faster, Error(bad_data) where
  /// checkpoints are missing, Error(bad_config) where some are another run's.
  TrainingRun(Context& context, const StoredRun& stored, const Dataset& data, const TrainingStart& start,
              TrainObserver& observer);

  /// Finished optimizer steps so far.
  Index step() { return trainer_.progress().step; }
  /// Whether nothing is left to do: all steps are done and the last one is validated, or patience ran out.
  bool finished();
  Index steps_per_pass() const { return trainer_.steps_per_pass(); }

  /// Error(diverged) names the checkpoint that is sound, if one is, and how to go on from it; so it does where training
  /// came to its end but the last validation is not a finite number.
  TrainEnd run();

  /// What run/result.json holds; written by run() where training came to an end or its time was up.
  Json result();
  /// Writes result.json of a finished run where it is missing or of an earlier step: the program may have been killed
  /// after it had saved the last checkpoint. Error(diverged) as of run().
  void complete_result();

  void on_step(const StepReport& report) override;
  void on_validation(const ValidationReport& report) override;
  void on_non_finite_step(const StepReport& report) override;
  bool on_save(bool best, SaveTime time) override;
  void on_slow_save(double save_seconds, double next_seconds) override;
  void on_read_error(const Error& error, double seconds) override;
  void on_read_again(double seconds) override;
  bool stop_requested() override { return start_.stop_requested && start_.stop_requested(); }

 private:
  void require_as_it_was_read();
  void load_origin();
  FoundCheckpoint open_checkpoints();
  void mark_saved();
  void restore(const Checkpoint& checkpoint);
  void tell_differences(const JsonField& state);
  void log(const Json& line);
  void write_result();
  void save(bool best);
  void prune();
  /// What to do where training diverged, `sound_step` being the last step whose weights are known to be good.
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
  std::string last_checkpoint_;
  bool log_in_trouble_ = false;
  bool prune_due_ = false;  ///< once the weights saved last have proven sound
};

}  // namespace moelm
