// A training run on disk: folder, lock, log and checkpoints around the training loop.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "io/json.hpp"
#include "run/checkpoint_store.hpp"
#include "run/metrics_log.hpp"
#include "run/run_lock.hpp"
#include "train/collapse_watch.hpp"
#include "train/run_folder.hpp"
#include "train/trainer.hpp"

namespace moelm {

/// How a run begins, and what it heeds.
struct TrainingStart {
  std::string run;                       ///< the folder, whose run exists (config.json is there)
  std::string resume_path;               ///< a checkpoint of another run to continue exactly, or empty
  std::string init_path;                 ///< a run or checkpoint whose weights alone are taken, or empty
  double max_seconds = 0;                ///< 0: no limit
  std::function<bool()> stop_requested;  ///< asked before each step and within validations; empty: never
  RunLock::Foreign foreign_lock = RunLock::Foreign::refuse;
  FileSystem* files = &real_file_system();  ///< for the run's folder
};

/// What a person watching is told, beside the log.
class TrainingView {
 public:
  virtual ~TrainingView() = default;
  virtual void message(const std::string& text) = 0;
  virtual void on_step(const StepReport& report) = 0;
  virtual void on_validation(const ValidationReport& report) = 0;
  /// The checkpoint is durable from now on.
  virtual void on_saved(const std::string& checkpoint, bool best) = 0;
};

/// Holds the run's lock while it exists.
class TrainingRun final : public TrainListener {
 public:
  /// Locks the run, loads its newest intact checkpoint if there is one, and is ready to go on from there.
  TrainingRun(Context& context, const StoredRun& stored, const Dataset& data, const TrainingStart& start,
              TrainingView& view);

  /// Finished optimizer steps so far.
  Index step() { return trainer_.progress().step; }
  /// Whether nothing is left to do: all steps are done and the last one is validated, or patience ran out.
  bool finished();
  Index steps_per_pass() const { return trainer_.steps_per_pass(); }

  TrainEnd run();

  /// What run/result.json holds; written by run() where training came to an end or its time was up.
  Json result();
  /// Writes result.json of a finished run where it is missing or of an earlier step: the program may have been killed
  /// after it had saved the last checkpoint.
  void complete_result();

  void on_step(const StepReport& report) override;
  void on_validation(const ValidationReport& report) override;
  void on_fault(const StepReport& report) override;
  bool on_save(bool best, SaveTime time) override;
  void on_slow_save(double save_seconds, double next_seconds) override;
  bool stop_requested() override { return start_.stop_requested && start_.stop_requested(); }

 private:
  void load_weights_alone(const std::string& path);
  void restore(const Checkpoint& checkpoint);
  void tell_differences(const JsonField& state);
  void log(const Json& line);
  void write_result();
  void save(bool best);
  MetricsLog open_log(const std::optional<Checkpoint>& checkpoint);
  Json state_json();

  Context& context_;
  StoredRun stored_;
  const Dataset& data_;
  TrainingStart start_;
  TrainingView& view_;
  RunLock lock_;
  CheckpointStore store_;
  Trainer trainer_;
  CollapseWatch collapse_;
  std::optional<MetricsLog> log_;
  std::string last_checkpoint_;
  bool log_in_trouble_ = false;
};

}  // namespace moelm
