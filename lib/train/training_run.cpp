#include "train/training_run.hpp"

#include <cmath>
#include <ctime>

#include "base/error.hpp"
#include "base/version.hpp"
#include "io/file.hpp"
#include "io/sealed_json.hpp"
#include "model/size.hpp"
#include "ops/kernels.hpp"
#include "run/checkpoint_names.hpp"
#include "train/model_store.hpp"
#include "train/progress_json.hpp"

namespace moelm {

namespace {

/// Refuses keys that neither state_json() nor progress_json() writes.
void refuse_unknown_state(const JsonField& state) {
  refuse_unknown_keys(
      state, {"step", "tokens", "seconds", "position", "best", "validated_step", "without_improvement", "schedule",
              "bad_steps", "metrics", "seed", "dtype", "data_index_sha256", "threads", "version", "gemm", "kernels"});
}

Json finite_ppl(double nll) { return std::exp(nll); }

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

}  // namespace

TrainingRun::TrainingRun(Context& context, const StoredRun& stored, const Dataset& data, const TrainingStart& start,
                         TrainingView& view)
    : context_(context),
      stored_(stored),
      data_(data),
      start_(start),
      view_(view),
      lock_(RunLock::acquire(start.run)),
      store_(start.run),
      trainer_(context, stored_.config, data),
      collapse_(stored_.config.model, stored_.config.train.overload) {
  FoundCheckpoint found = store_.resume();
  for (const std::string& warning : found.warnings) view_.message("warning: " + warning);
  if (found.checkpoint) {
    restore(*found.checkpoint);
    last_checkpoint_ = found.checkpoint->path();
  } else if (!start.resume_path.empty()) {
    FoundCheckpoint other = find_checkpoint(start.resume_path, WhichCheckpoint::newest, CheckpointScope::everything);
    if (!other.checkpoint) throw Error(Exit::missing_input, start.resume_path + ": expected a checkpoint, found none");
    restore(*other.checkpoint);
  } else if (!start.init_path.empty()) {
    load_weights_alone(start.init_path);
  }
  log_.emplace(open_log(found.checkpoint));
  if (!log_->warning().empty()) view_.message("warning: " + log_->warning());
  // Where it came from is said only once; what is on disk goes on by itself from here.
  const bool branched = !start.resume_path.empty() || !start.init_path.empty();
  if (branched && !found.checkpoint) on_save(false);
}

void TrainingRun::load_weights_alone(const std::string& path) {
  FoundCheckpoint found = find_checkpoint(path, WhichCheckpoint::best, CheckpointScope::model);
  if (!found.checkpoint) throw Error(Exit::missing_input, path + ": expected a checkpoint, found none");
  load_tensors(found.checkpoint->model(), named_tensors(trainer_.learner().parameters()));
  view_.message("weights of " + found.checkpoint->path());
}

void TrainingRun::restore(const Checkpoint& checkpoint) {
  const JsonField state(checkpoint.state(), checkpoint.path() + "/state.json");
  refuse_unknown_state(state);
  const TrainProgress progress = read_progress(state);
  state.at("step").integer(checkpoint.step(), checkpoint.step());
  state.at("position").at("batch").integer(0, trainer_.steps_per_pass() - 1);
  load_tensors(checkpoint.model(), named_tensors(trainer_.learner().parameters()));
  load_optimizer(checkpoint.optimizer(), trainer_.learner().optimizer_tensors(), progress.step);
  trainer_.reset_carried();
  load_tensors(checkpoint.carried(), state_tensors(trainer_.carried()));
  trainer_.progress() = progress;
}

MetricsLog TrainingRun::open_log(const std::optional<Checkpoint>& checkpoint) {
  MetricsPosition position;
  if (checkpoint) {
    const JsonField metrics = JsonField(checkpoint->state(), checkpoint->path() + "/state.json").at("metrics");
    position = {metrics.at("bytes").integer(0, Index{1} << 50), metrics.at("sha256").text()};
  }
  return MetricsLog::open(start_.run, position, trainer_.progress().step);
}

bool TrainingRun::finished() {
  const TrainConfig& train = stored_.config.train;
  const TrainProgress& progress = trainer_.progress();
  return progress.step >= train.steps || (train.patience > 0 && progress.without_improvement >= train.patience);
}

TrainEnd TrainingRun::run() {
  if (trainer_.progress().step > 0)
    log_->write({{"time", utc_now()},
                 {"event", "resume"},
                 {"step", trainer_.progress().step},
                 {"threads", context_.threads()}});
  const TrainEnd end = trainer_.run(*this, start_.max_seconds);
  if (end != TrainEnd::stopped) write_file_atomic(join_path(start_.run, "result.json"), json_text(result(), 2) + "\n");
  return end;
}

Json TrainingRun::result() {
  const TrainProgress& p = trainer_.progress();
  const ModelSize size = model_size(stored_.config.model, stored_.data.vocabulary);
  Json result = {{"best_step", p.best_step},
                 {"last_step", p.step},
                 {"tokens", p.tokens},
                 {"seconds", p.seconds},
                 {"parameters", size.parameters},
                 {"ops_per_timestep", size.ops_per_timestep},
                 {"checkpoint", last_checkpoint_},
                 {"version", version()},
                 {"seed", stored_.config.train.seed},
                 {"threads", context_.threads()},
                 {"dtype", stored_.config.train.dtype}};
  if (p.best_step > 0) {
    result["valid_nll"] = p.best_nll;
    result["valid_perplexity"] = finite_ppl(p.best_nll);
  }
  return result;
}

void TrainingRun::on_step(const StepReport& report) {
  const Index every = stored_.config.train.log_every;
  if (every > 0 && report.progress.step % every == 0) {
    Json line = step_json(report, stored_.config.model);
    line["time"] = utc_now();
    log_->write(line);
  }
  for (const std::string& warning : collapse_.add(report.result.routing)) view_.message("warning: " + warning);
  view_.on_step(report);
}

void TrainingRun::on_validation(const ValidationReport& report) {
  Json line = validation_json(report);
  line["time"] = utc_now();
  log_->write(line);
  view_.on_validation(report);
}

void TrainingRun::on_fault(const StepReport& report) {
  log_->write({{"time", utc_now()},
               {"event", "bad_step"},
               {"step", report.progress.step},
               {"cause", report.result.fault},
               {"applied", report.applied},
               {"pass", report.batch.pass},
               {"batch", report.batch.index},
               {"in_a_row", report.progress.bad_steps}});
  log_->sync();
  view_.message("warning: step " + std::to_string(report.progress.step) + (report.applied ? "" : " was not applied") +
                ": " + report.result.fault + " is not finite");
}

void TrainingRun::on_save(bool best) {
  log_->sync();
  Learner& learner = trainer_.learner();
  CheckpointContents contents;
  contents.step = trainer_.progress().step;
  contents.model = tensor_views(named_tensors(learner.parameters()));
  contents.optimizer = optimizer_views(learner.optimizer_tensors());
  contents.carried = tensor_views(state_tensors(trainer_.carried()));
  contents.state = state_json();
  const SavedCheckpoint saved = store_.save(contents, {best, stored_.config.train.keep});
  for (const std::string& warning : saved.warnings) view_.message("warning: " + warning);
  last_checkpoint_ = join_path(join_path(start_.run, kCheckpointsDirectory), saved.name.text());
  view_.on_saved(last_checkpoint_, best);
}

Json TrainingRun::state_json() {
  Json state = progress_json(trainer_.progress());
  const MetricsPosition metrics = log_->position();
  state["metrics"] = {{"bytes", metrics.bytes}, {"sha256", metrics.sha256}};
  state["seed"] = stored_.config.train.seed;
  state["dtype"] = stored_.config.train.dtype;
  state["data_index_sha256"] = data_.checksum();
  state["threads"] = context_.threads();
  state["version"] = version();
  state["gemm"] = gemm_backend();
  state["kernels"] = kernels().name;
  return state;
}

}  // namespace moelm
