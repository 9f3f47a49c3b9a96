#include "train/training_run.hpp"

#include <cmath>
#include <ctime>
#include <utility>

#include "base/error.hpp"
#include "base/quantity.hpp"
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
  refuse_unknown_keys(state, {"step", "tokens", "seconds", "position", "best", "validated_step", "without_improvement",
                              "schedule", "bad_steps", "kept", "saving_seconds", "metrics", "seed", "dtype",
                              "data_index_sha256", "threads", "version", "gemm", "kernels"});
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
      lock_(RunLock::acquire(start.run, start.foreign_lock, *start.files)),
      store_(start.run, *start.files),
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
  if (branched && !found.checkpoint) save(false);
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
  trainer_.progress() = progress;
  // A best checkpoint that is lost, or stayed in another run's folder, is none to be better than.
  if (store_.best().empty()) trainer_.progress().kept_step = 0;
  tell_differences(state);
  if (!trainer_.carries()) return;
  trainer_.reset_carried();
  load_tensors(checkpoint.carried(), state_tensors(trainer_.carried()));
}

void TrainingRun::tell_differences(const JsonField& state) {
  if (const Index before = state.at("threads").integer(1, Index{1} << 20); before != context_.threads())
    view_.message("threads: " + std::to_string(before) + " before, now " + std::to_string(context_.threads()) +
                  "; the results do not depend on it");
  const std::pair<const char*, std::string> built[] = {
      {"version", version()}, {"gemm", gemm_backend()}, {"kernels", kernels().name}};
  for (const auto& [key, now] : built)
    if (const std::string before = state.at(key).text(); before != now)
      view_.message("note: " + std::string(key) + ": " + before + " before, now " + now +
                    "; from here on results may differ in their last digits");
}

MetricsLog TrainingRun::open_log(const std::optional<Checkpoint>& checkpoint) {
  MetricsPosition position;
  if (checkpoint) {
    const JsonField metrics = JsonField(checkpoint->state(), checkpoint->path() + "/state.json").at("metrics");
    position = {metrics.at("bytes").integer(0, Index{1} << 50), metrics.at("sha256").text()};
  }
  return MetricsLog::open(start_.run, position, trainer_.progress().step, *start_.files);
}

bool TrainingRun::finished() {
  const TrainConfig& train = stored_.config.train;
  const TrainProgress& progress = trainer_.progress();
  return (progress.step >= train.steps && trainer_.is_validated()) ||
         (train.patience > 0 && progress.without_improvement >= train.patience);
}

TrainEnd TrainingRun::run() {
  if (trainer_.progress().step > 0)
    log({{"time", utc_now()},
         {"event", "resume"},
         {"step", trainer_.progress().step},
         {"threads", context_.threads()}});
  const TrainEnd end = trainer_.run(*this, start_.max_seconds);
  if (end != TrainEnd::stopped) write_result();
  return end;
}

void TrainingRun::write_result() {
  write_file_atomic(join_path(start_.run, "result.json"), json_text(result(), 2) + "\n", *start_.files);
}

void TrainingRun::complete_result() {
  const std::string path = join_path(start_.run, "result.json");
  try {
    if (read_json(path).at("last_step") == trainer_.progress().step) return;
  } catch (const std::exception&) {
    // Missing or not what this program writes: it is written anew.
  }
  write_result();
}

Json TrainingRun::result() {
  const TrainProgress& p = trainer_.progress();
  const ModelSize size = model_size(stored_.config.model, stored_.data.vocabulary);
  Json result = {{"best_step", p.kept_step},
                 {"last_step", p.step},
                 {"tokens", p.tokens},
                 {"seconds", p.seconds},
                 {"saving_seconds", p.saving_seconds},
                 {"parameters", size.parameters},
                 {"ops_per_timestep", size.ops_per_timestep},
                 {"checkpoint", last_checkpoint_},
                 {"version", version()},
                 {"seed", stored_.config.train.seed},
                 {"threads", context_.threads()},
                 {"dtype", stored_.config.train.dtype}};
  if (p.kept_step > 0) {
    result["valid_nll"] = p.kept_nll;
    result["valid_perplexity"] = finite_ppl(p.kept_nll);
    if (!store_.best().empty())
      result["best_checkpoint"] = join_path(join_path(start_.run, kCheckpointsDirectory), store_.best());
  }
  return result;
}

void TrainingRun::on_step(const StepReport& report) {
  const Index every = stored_.config.train.log_every;
  if (every > 0 && report.progress.step % every == 0) {
    Json line = step_json(report, stored_.config.model);
    line["time"] = utc_now();
    log(line);
  }
  for (const std::string& warning : collapse_.add(report.result.routing)) view_.message("warning: " + warning);
  view_.on_step(report);
}

void TrainingRun::on_validation(const ValidationReport& report) {
  Json line = validation_json(report);
  line["time"] = utc_now();
  log(line);
  view_.on_validation(report);
}

void TrainingRun::on_fault(const StepReport& report) {
  log({{"time", utc_now()},
       {"event", "bad_step"},
       {"step", report.progress.step},
       {"cause", report.result.fault},
       {"applied", report.result.applied},
       {"pass", report.batch.pass},
       {"batch", report.batch.index},
       {"in_a_row", report.progress.bad_steps}});
  view_.message("warning: step " + std::to_string(report.progress.step) +
                (report.result.applied ? "" : " was not applied") + ": " + report.result.fault + " is not finite");
}

void TrainingRun::log(const Json& line) {
  log_->write(line);
  const bool trouble = !log_->trouble().empty();
  if (trouble && stored_.config.train.on_save_error == SaveErrors::stop) throw Error(Exit::io, log_->trouble());
  if (trouble && !log_in_trouble_)
    view_.message("warning: " + log_->trouble() + "; lines wait in memory, training goes on");
  log_in_trouble_ = trouble;
}

bool TrainingRun::on_save(bool best, SaveTime time) {
  try {
    save(best);
    return true;
  } catch (const Error& error) {
    const bool may_go_on = time == SaveTime::underway && error.exit() != Exit::diverged &&
                           stored_.config.train.on_save_error == SaveErrors::go_on;
    if (!may_go_on) throw;
    const Index step = trainer_.progress().step;
    log({{"time", utc_now()}, {"event", "save_failed"}, {"step", step}, {"cause", error.what()}});
    view_.message("warning: step " + std::to_string(step) + " was not saved: " + error.what() +
                  "; earlier checkpoints are kept, training goes on");
    return false;
  }
}

void TrainingRun::on_slow_save(double save_seconds, double next_seconds) {
  view_.message("a checkpoint took " + format_duration(save_seconds) + ": the next one comes after " +
                format_duration(next_seconds) + ", so that saving takes at most 2 % of the time");
}

void TrainingRun::save(bool best) {
  log_->sync();
  Learner& learner = trainer_.learner();
  CheckpointContents contents;
  contents.step = trainer_.progress().step;
  contents.model = tensor_views(named_tensors(learner.parameters()));
  contents.optimizer = optimizer_views(learner.optimizer_tensors());
  if (trainer_.carries()) contents.carried = tensor_views(state_tensors(trainer_.carried()));
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
