#include "training/training_run.hpp"

#include "base/error.hpp"
#include "base/quantity.hpp"
#include "base/utc_time.hpp"
#include "checkpoint/checkpoint_names.hpp"
#include "io/file.hpp"
#include "model_files/model_store.hpp"
#include "model_files/run_origin.hpp"
#include "model_files/tensor_transport.hpp"
#include "options/run_schedule.hpp"
#include "training/progress_json.hpp"
#include "training/softmax_switch.hpp"
#include "training/unigram_bias.hpp"

namespace moelm {

TrainingRun::TrainingRun(Context& context, const StoredRun& stored, const Dataset& data, const TrainingStart& start,
                         TrainObserver& observer)
    : context_(context),
      stored_(stored),
      data_(data),
      start_(start),
      observer_(observer),
      claim_(start.run, start.foreign_lock, *start.files),
      trainer_(context, stored_.config, data, *start.ranks),
      collapse_(stored_.config.model, stored_.config.train.overload) {
  require_unchanged();
  if (claim_.begins()) {
    load_origin();
    create_run(start.run, stored_, data, claim_.files());
  }
  const FoundCheckpoint found = open_checkpoints();
  extend_plan();
  if (!claim_.begins()) write_run_config(start.run, stored_, claim_.files());
  log_.emplace(open_log(found.checkpoint));
  if (!log_->warning().empty()) observer_.message("warning: " + log_->warning());
  const auto warn = [this](const std::string& text) { observer_.message("warning: " + text); };
  if (stored_.config.train.tensorboard) events_.emplace(start.run, warn, claim_.files());
  // From here on the run does not need its origin any more.
  if (!found.checkpoint && stored_.origin.kind != OriginKind::random) save(false);
  claim_.keep();
}

/// Between reading a run and locking it, another process may have begun, changed or removed it.
void TrainingRun::require_unchanged() {
  const bool same = claim_.begins() ? stored_.checksum.empty() : read_run(start_.run).checksum == stored_.checksum;
  if (!same)
    throw Error(Exit::cannot_create,
                start_.run + ": the run was begun or changed by another process just now; try again");
  if (claim_.begins()) return require_no_traces(start_.run);
  if (const std::vector<std::string> faults = foreign_checkpoints(start_.run, stored_); !faults.empty())
    throw Error(Exit::bad_config, faults.front());
  read_run_tokenizer(start_.run, stored_);
}

void TrainingRun::load_origin() {
  if (stored_.origin.kind == OriginKind::random) {
    if (std::get<SoftmaxConfig>(stored_.config.model.layers.back()).unigram_bias)
      set_unigram_bias(token_counts(data_, Split::train), trainer_.learner().parameters());
    if (trainer_.learner().ranks()) spread_copies(*start_.ranks, named_tensors(trainer_.learner().parameters()));
    return;
  }
  const OpenedOrigin origin = open_origin(start_.run, stored_, data_);
  for (const std::string& warning : origin.warnings) observer_.message("warning: " + warning);
  if (stored_.origin.kind == OriginKind::resume) return restore(origin.checkpoint);
  load_tensors(origin.checkpoint.model(), named_tensors(trainer_.learner().parameters()), trainer_.learner().ranks());
  observer_.message("weights of " + origin.checkpoint.path());
}

/// Opens the run's checkpoints and restores the newest. Without any, restores the origin.
FoundCheckpoint TrainingRun::open_checkpoints() {
  store_.emplace(start_.run, claim_.files());
  FoundCheckpoint found = store_->resume();
  for (const std::string& warning : found.warnings) observer_.message("warning: " + warning);
  if (found.checkpoint) {
    restore(*found.checkpoint);
    last_checkpoint_ = found.checkpoint->path();
    stored_.has_checkpoints = true;
    if (trainer_.progress().step == 0) observer_.message("weights of " + last_checkpoint_);
  } else if (!claim_.begins()) {
    require_none_lost(start_.run, stored_);
    observer_.message(start_.run + ": it was stopped before its first checkpoint and starts again");
    load_origin();
  }
  return found;
}

void TrainingRun::extend_plan() {
  TrainConfig& train = stored_.config.train;
  if (start_.max_steps <= train.steps || trainer_.progress().step < train.steps) return;
  stored_.config.schedule = lengthened(schedule_of(stored_.config), start_.max_steps);
  train.steps = start_.max_steps;
  trainer_.set_plan(stored_.config.schedule, train.steps);
}

MetricsLog TrainingRun::open_log(const std::optional<Checkpoint>& checkpoint) {
  MetricsPosition position;
  if (checkpoint) {
    const JsonField metrics = JsonField(checkpoint->state(), checkpoint->path() + "/state.json").at("metrics");
    position = {metrics.at("bytes").integer(0, Index{1} << 50), metrics.at("sha256").text()};
  }
  return MetricsLog::open(start_.run, position, trainer_.progress().step, claim_.files());
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
  trainer_.set_read_patience(start_.read_patience);
  trainer_.set_max_steps(start_.max_steps);
  trainer_.set_clock(start_.clock);
  TrainEnd end = TrainEnd::stopped;
  try {
    end = trainer_.run(*this, start_.max_seconds);
  } catch (const Error& error) {
    if (error.exit() != Exit::diverged) throw;
    throw Error(error.exit(), error.what() + advice(trainer_.sound_step()));
  }
  if (end == TrainEnd::stopped) return end;
  write_result();
  require_finite_end();
  return end;
}

void TrainingRun::on_step(const StepReport& report) {
  const TrainConfig& train = stored_.config.train;
  const Index every = train.log_every;
  tell_softmax(report.progress.step);
  if (every > 0 && report.progress.step % every == 0) {
    Json line = step_json(report, stored_.config.model);
    line["time"] = utc_now();
    if (train.full_softmax > 0) line["softmax"] = full_softmax(report.progress.step) ? "full" : "sampled";
    log(line);
  }
  if (prune_due_) prune();
  for (const std::string& warning : collapse_.add(report.result.routing)) observer_.message("warning: " + warning);
  observer_.on_step(report);
}

bool TrainingRun::full_softmax(Index step) const {
  return has_full_softmax(stored_.config.train.full_softmax, schedule_of(stored_.config), step);
}

void TrainingRun::tell_softmax(Index step) {
  if (!full_softmax(step) || (step > 1 && full_softmax(step - 1))) return;
  log({{"time", utc_now()}, {"event", "full_softmax"}, {"step", step}});
  observer_.message("from step " + std::to_string(step) +
                    " on the softmax is full: the loss is over all tokens and not comparable with that before");
}

void TrainingRun::on_validation(const ValidationReport& report) {
  Json line = validation_json(report);
  line["time"] = utc_now();
  log(line);
  if (!report.progress.validation_finite)
    observer_.message(
        "warning: step " + std::to_string(report.progress.step) +
        ": the validation perplexity is not a finite number: some weights or words of the validation text " +
        "overflow; such a step is never the best");
  observer_.on_validation(report);
}

bool TrainingRun::on_plan(const PlanReport& plan) {
  const Index before = stored_.config.train.steps;
  const Schedule schedule_before = schedule_of(stored_.config);
  stored_.config.train.steps = plan.steps;
  stored_.config.schedule = plan.schedule;
  try {
    write_run_config(start_.run, stored_, claim_.files());
  } catch (const Error& error) {
    claim_.lock().require_held();
    stored_.config.train.steps = before;
    stored_.config.schedule = schedule_before;
    observer_.message(std::string("warning: ") + error.what() + "; the plan stays");
    return false;
  }
  Json line = plan_json(plan);
  line["time"] = utc_now();
  log(line);
  observer_.on_plan(plan);
  return true;
}

void TrainingRun::on_read_error(const Error& error, double seconds) {
  const Index step = trainer_.progress().step;
  log({{"time", utc_now()}, {"event", "read_failed"}, {"step", step}, {"cause", error.what()}});
  observer_.message("warning: " + std::string(error.what()) + "; step " + std::to_string(step) +
                    " is saved now, then reading is tried again for " + format_duration(seconds) +
                    (error.exit() == Exit::bad_data ? " at most" : ""));
}

void TrainingRun::on_read_again(double seconds) {
  observer_.message("the text can be read again, after " + format_duration(seconds) + "; training goes on");
}

void TrainingRun::on_non_finite_step(const StepReport& report) {
  tell_softmax(report.progress.step);
  log({{"time", utc_now()},
       {"event", "bad_step"},
       {"step", report.progress.step},
       {"cause", report.result.fault},
       {"applied", report.result.applied},
       {"pass", report.batch.pass},
       {"batch", report.batch.index},
       {"in_a_row", report.progress.skipped_steps}});
  observer_.message("warning: step " + std::to_string(report.progress.step) +
                    (report.result.applied ? "" : " was not applied") + ": " + report.result.fault + " is not finite");
}

void TrainingRun::log(const Json& line) {
  claim_.lock().require_held();
  log_->write(line);
  if (events_) events_->write(line);
  const bool trouble = !log_->trouble().empty();
  if (trouble && stored_.config.train.on_save_error == SaveErrors::stop) throw Error(Exit::io, log_->trouble());
  if (trouble && !log_in_trouble_)
    observer_.message("warning: " + log_->trouble() + "; lines wait in memory, training goes on");
  log_in_trouble_ = trouble;
}

bool TrainingRun::on_save(bool best, SaveTime time) {
  claim_.lock().require_held();
  try {
    save(best);
    return true;
  } catch (const Error& error) {
    claim_.lock().require_held();  // the lock may have been lost during the save
    const bool may_go_on = time == SaveTime::underway && error.exit() != Exit::diverged &&
                           stored_.config.train.on_save_error == SaveErrors::go_on;
    if (!may_go_on) throw;
    const Index step = trainer_.progress().step;
    log({{"time", utc_now()}, {"event", "save_failed"}, {"step", step}, {"cause", error.what()}});
    observer_.message("warning: step " + std::to_string(step) + " was not saved: " + error.what() +
                      "; earlier checkpoints are kept, training goes on");
    return false;
  }
}

void TrainingRun::on_slow_save(double save_seconds, double next_seconds) {
  observer_.message("a checkpoint took " + format_duration(save_seconds) + ": the next one comes after " +
                    format_duration(next_seconds) + ", so that saving takes at most 2 % of the time");
}

void TrainingRun::save(bool best) {
  log_->sync();
  Learner& learner = trainer_.learner();
  CheckpointContents contents;
  contents.step = trainer_.progress().step;
  contents.model = tensor_views(named_tensors(learner.parameters()), learner.ranks());
  contents.optimizer = optimizer_views(learner.optimizer_tensors(), learner.ranks());
  if (trainer_.carries()) contents.carried = tensor_views(state_tensors(trainer_.carried()));
  contents.state = state_json();
  const SavedCheckpoint saved = store_->save(contents, {best, stored_.config.train.keep, trainer_.sound_step()});
  prune_due_ = saved.prune_again;
  for (const std::string& warning : saved.warnings) observer_.message("warning: " + warning);
  last_checkpoint_ = join_path(join_path(start_.run, kCheckpointsDirectory), saved.name.text());
  mark_saved();
  observer_.on_saved(last_checkpoint_, best);
}

/// From the first checkpoint on the run never starts again from step 0.
void TrainingRun::mark_saved() {
  if (stored_.has_checkpoints) return;
  try {
    stored_.has_checkpoints = true;
    write_run_config(start_.run, stored_, claim_.files());
  } catch (const Error& error) {
    stored_.has_checkpoints = false;  // tried again with the next checkpoint
    observer_.message(std::string("warning: ") + error.what());
  }
}

void TrainingRun::prune() {
  prune_due_ = false;
  for (const std::string& warning : store_->prune({false, stored_.config.train.keep, trainer_.sound_step()}))
    observer_.message("warning: " + warning);
}

}  // namespace moelm
