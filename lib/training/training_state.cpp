// The part of training_run.hpp between a run in memory and a checkpoint's state.json.
#include "base/version.hpp"
#include "io/sealed_json.hpp"
#include "model_files/model_store.hpp"
#include "ops/kernels.hpp"
#include "training/progress_json.hpp"
#include "training/training_run.hpp"

namespace moelm {

namespace {

/// Error(bad_data) for keys that neither state_json() nor progress_json() writes.
void refuse_unknown_state(const JsonField& state) {
  refuse_unknown_keys(state, {"step",
                              "tokens",
                              "seconds",
                              "position",
                              "best",
                              "validated_step",
                              "without_improvement",
                              "validation_finite",
                              "training_finite",
                              "schedule",
                              "bad_steps",
                              "kept",
                              "saving_seconds",
                              "metrics",
                              "seed",
                              "dtype",
                              "data_index_sha256",
                              "run",
                              "threads",
                              "version",
                              "gemm",
                              "kernels"});
}

}  // namespace

void TrainingRun::restore(const Checkpoint& checkpoint) {
  const JsonField state(checkpoint.state(), checkpoint.path() + "/state.json");
  refuse_unknown_state(state);
  const TrainProgress progress = read_progress(state);
  state.at("step").integer(checkpoint.step(), checkpoint.step());
  state.at("position").at("batch").integer(0, trainer_.steps_per_pass() - 1);
  Communicator* const ranks = trainer_.learner().ranks();
  load_tensors(checkpoint.model(), named_tensors(trainer_.learner().parameters()), ranks);
  load_optimizer(checkpoint.optimizer(), trainer_.learner().optimizer_tensors(), progress.step, ranks);
  trainer_.progress() = progress;
  // If the best checkpoint is lost, or stayed in another run's folder, there is no best validation any more.
  if (!store_ || store_->best().empty()) trainer_.progress().kept_step = 0;
  tell_differences(state);
  if (!trainer_.carries()) return;
  trainer_.reset_carried();
  load_tensors(checkpoint.carried(), state_tensors(trainer_.carried()));
}

void TrainingRun::tell_differences(const JsonField& state) {
  if (const Index before = state.at("threads").integer(1, Index{1} << 20); before != context_.threads())
    observer_.message("threads: " + std::to_string(before) + " before, now " + std::to_string(context_.threads()) +
                      "; the results do not depend on it");
  const std::pair<const char*, std::string> built[] = {
      {"version", version()}, {"gemm", gemm_backend()}, {"kernels", kernels().name}};
  for (const auto& [key, now] : built)
    if (const std::string before = state.at(key).text(); before != now)
      observer_.message("note: " + std::string(key) + ": " + before + " before, now " + now +
                        "; from here on results may differ in their last digits");
}

Json TrainingRun::state_json() {
  Json state = progress_json(trainer_.progress());
  const MetricsPosition metrics = log_->position();
  state["metrics"] = {{"bytes", metrics.bytes}, {"sha256", metrics.sha256}};
  state["seed"] = stored_.config.train.seed;
  state["dtype"] = enum_name(stored_.config.train.dtype);
  state["data_index_sha256"] = data_.checksum();
  state["run"] = stored_.identity;
  state["threads"] = context_.threads();
  state["version"] = version();
  state["gemm"] = gemm_backend();
  state["kernels"] = kernels().name;
  return state;
}

}  // namespace moelm
