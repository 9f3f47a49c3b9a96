#include "training/trainer.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/check.hpp"
#include "base/error.hpp"
#include "base/finite.hpp"
#include "base/quantity.hpp"
#include "batch/read_ahead.hpp"
#include "model_files/model_store.hpp"
#include "options/run_schedule.hpp"
#include "training/softmax_switch.hpp"
#include "training/step_check.hpp"

namespace moelm {

namespace {

constexpr double kPlateauFactor = 0.5;

/// Sums the routing of every batch that a scorer scores.
class RoutingCollector {
 public:
  explicit RoutingCollector(Scorer& scorer) {
    scorer.observe([this](const Batch&, std::span<const RowOrigin>, const ModelCache& cache, std::span<const double>) {
      add_routing(cache, layers_);
    });
  }

  const std::vector<RoutingSums>& layers() const { return layers_; }
  void clear() { layers_.clear(); }

 private:
  std::vector<RoutingSums> layers_;
};

}  // namespace

Trainer::Trainer(Context& context, const RunConfig& config, const Dataset& data, Communicator& ranks)
    : context_(context),
      config_(config),
      schedule_(schedule_of(config)),
      steps_(config.train.steps),
      data_(data),
      learner_(context, config.model, config.optimizer, data.tokenizer().vocabulary_size(),
               static_cast<std::uint64_t>(config.train.seed), ranks),
      batches_(make_read_ahead(make_batches(config.train, data))),
      checkpoint_every_(parse_interval("train.checkpoint_every", config.train.checkpoint_every)) {}

TrainEnd Trainer::run(TrainObserver& observer, double max_seconds) {
  started_ = saved_at_ = now();
  max_seconds_ = max_seconds;
  seconds_before_ = progress_.seconds;
  saved_step_ = save_tried_step_ = progress_.step;
  saved_validation_ = progress_.validated_step;
  announced_interval_ = automatic_interval(0);
  if (progress_.step > 0) batches_->seek(progress_.next);
  begin_time_plan();
  try {
    return run_to_its_end(observer);
  } catch (const Error& error) {
    // Diverged weights are not worth saving; the earlier checkpoints stay.
    if (error.exit() == Exit::diverged) throw;
    if (progress_.step == 0) throw;
    const std::string step = std::to_string(progress_.step);
    throw Error(error.exit(), error.what() + (rescue(observer) ? "; training is saved up to step " + step
                                                               : "; step " + step + " could not be saved"));
  } catch (...) {
    rescue(observer);
    throw;
  }
}

TrainEnd Trainer::run_to_its_end(TrainObserver& observer) {
  TrainEnd end = train(observer);
  // A stop has to be quick. Every other end gets a last validation.
  if (end != TrainEnd::stopped && !is_validated()) {
    validate(observer, false);
    if (!is_validated()) end = TrainEnd::stopped;
  }
  if (end == TrainEnd::stopped && progress_.step >= steps_ && is_validated()) end = TrainEnd::finished;
  if (!is_saved()) save(observer, SaveTime::at_the_end);
  return end;
}

bool Trainer::is_saved() const {
  return saved_step_ == progress_.step && saved_validation_ == progress_.validated_step && !unsaved_best_;
}

bool Trainer::rescue(TrainObserver& observer) {
  try {
    if (consistent_ && !is_saved()) save(observer, SaveTime::underway);
  } catch (const std::exception&) {
    // The caller reports the error that came first.
  }
  return is_saved();
}

TrainEnd Trainer::train(TrainObserver& observer) {
  // A run that was stopped within a validation repeats it.
  if (validation_due() && !validate(observer, true)) return TrainEnd::out_of_patience;
  if (stop_requested(observer)) return TrainEnd::stopped;
  while (progress_.step < steps_) {
    const double begin = now();
    if (!train_step(observer)) return time_is_up() ? TrainEnd::time_is_up : TrainEnd::stopped;
    time_plan_.add_step(now() - begin);
    if (validation_due() && !validate(observer, true)) return TrainEnd::out_of_patience;
    if (stop_requested(observer)) return TrainEnd::stopped;
    if (time_is_up()) return TrainEnd::time_is_up;
    plan_by_time(observer);
    if (checkpoint_due(now())) save(observer, SaveTime::underway);
  }
  return TrainEnd::finished;
}

void Trainer::save(TrainObserver& observer, SaveTime time) {
  const double begin = now();
  const TrainProgress before = progress_;
  if (unsaved_best_) {
    progress_.kept_step = progress_.step;
    progress_.kept_nll = *unsaved_best_;
  }
  const bool saved = observer.on_save(unsaved_best_.has_value(), time);
  if (saved) {
    saved_step_ = progress_.step;
    saved_validation_ = progress_.validated_step;
    unsaved_best_.reset();
  } else {
    progress_ = before;
  }
  save_tried_step_ = progress_.step;
  saved_at_ = now();
  save_seconds_ = saved_at_ - begin;
  progress_.saving_seconds += save_seconds_;
  const double interval = save_interval();
  if (interval > 1.2 * announced_interval_) {
    announced_interval_ = interval;
    observer.on_slow_save(save_seconds_, interval);
  }
}

ReadRetry Trainer::read_retry(TrainObserver& observer) {
  ReadRetry retry;
  retry.seconds = read_seconds_;
  retry.failed = [this, &observer](const Error& error) {
    observer.on_read_error(error, read_seconds_);
    if (!is_saved()) save(observer, SaveTime::underway);
  };
  retry.recovered = [&observer](double seconds) { observer.on_read_again(seconds); };
  retry.give_up = [&observer] { return observer.stop_requested(); };
  return retry;
}

bool Trainer::next_batch(TrainObserver& observer, bool& fresh) {
  ReadRetry retry = read_retry(observer);
  retry.give_up = [this, &observer] { return observer.stop_requested() || time_is_up(); };
  const BatchPosition from = batches_->position();
  bool again = false;
  return read_patiently(retry, [&] {
    // After an error the position in the text is unknown.
    if (std::exchange(again, true)) batches_->seek(from);
    fresh = batches_->next(batch_);
  });
}

bool Trainer::train_step(TrainObserver& observer) {
  const double begin = now();
  const BatchPosition from = batches_->position();
  bool fresh = false;
  // 1. Read.
  if (!next_batch(observer, fresh)) return false;
  consistent_ = false;
  unsaved_best_.reset();
  if (fresh) learner_.carried().reset(batch_.sequence.streams());
  const Index step = progress_.step + 1;
  // 2. Learning rate.
  const double lr = schedule_.at(step, progress_.plateau_factor);
  // 3. to 5. Forward and backward, check, update.
  const StepOptions options{step,
                            batches_->streams(),
                            lr,
                            config_.train.clip,
                            config_.train.micro_batch_tokens,
                            has_full_softmax(config_.train.full_softmax, schedule_, step),
                            config_.train.lanes,
                            config_.train.zero_state};
  const StepResult result = learner_.step(context_, batch_, options);
  stop_asked_ |= result.stop_asked;
  // 6. Record.
  progress_.step = step;
  progress_.next = batches_->position();
  progress_.seconds = seconds_before_ + (now() - started_);
  const double tokens_per_s = static_cast<double>(result.tokens) / std::max(1e-9, now() - begin);
  const StepReport report{result, progress_, lr, tokens_per_s, from};
  consistent_ = result.fault.empty() || !result.applied;
  if (!result.fault.empty()) {
    note_non_finite(observer, report);
    return true;
  }
  progress_.tokens += result.tokens;
  progress_.skipped_steps = 0;
  progress_.training_finite = is_finite(std::exp(result.losses.cross_entropy));
  observer.on_step(report);
  return true;
}

void Trainer::note_non_finite(TrainObserver& observer, const StepReport& report) {
  ++progress_.skipped_steps;
  observer.on_non_finite_step(report);
  if (report.result.applied) diverge(report.result.fault + " after the step was made");
  // A weight that is not finite spoils every further step.
  const std::string weight = first_bad_number(context_, named_tensors(learner_.parameters()));
  if (!weight.empty()) diverge(report.result.fault + " because of weight " + weight);
  if (progress_.skipped_steps >= config_.train.max_bad_steps)
    diverge(format_counted(progress_.skipped_steps, "step") + " in a row that were skipped (" + report.result.fault +
            ")");
}

void Trainer::diverge(const std::string& found) const {
  throw Error(Exit::diverged,
              "training: step " + std::to_string(progress_.step) + ": expected finite numbers, found " + found);
}

bool Trainer::validate(TrainObserver& observer, bool scheduled) {
  if (data_.tokens(Split::valid) == 0) return true;
  const double begin = now();
  Scorer scorer(context_, config_.model, learner_.parameters());
  RoutingCollector routing(scorer);
  Evaluation evaluation;
  try {
    const bool read = read_patiently(read_retry(observer), [&] {
      routing.clear();
      evaluation = evaluate_split(scorer, data_, Split::valid, {config_.train.state, 1},
                                  [&] { return observer.stop_requested(); });
    });
    if (!read) return true;
  } catch (const Error& error) {
    if (error.exit() != Exit::stopped) throw;
    return true;  // the caller sees the same request
  }
  const double nll = evaluation.mean_nll();
  progress_.validated_step = progress_.step;
  progress_.validation_finite = is_finite(evaluation.perplexity());
  // Only validations that an uninterrupted run makes too may decide how the run continues.
  if (scheduled) judge(nll);
  // A validation that is not finite is never the best.
  if (progress_.validation_finite && (progress_.kept_step == 0 || nll < progress_.kept_nll)) unsaved_best_ = nll;
  progress_.seconds = seconds_before_ + (now() - started_);
  observer.on_validation({evaluation, progress_, unsaved_best_.has_value(), routing.layers()});
  validation_seconds_ = now() - begin;
  if (unsaved_best_) save(observer, SaveTime::underway);
  return config_.train.patience == 0 || progress_.without_improvement < config_.train.patience;
}

void Trainer::judge(double nll) {
  const bool best = progress_.validation_finite && (progress_.best_step == 0 || nll < progress_.best_nll);
  if (best) {
    progress_.best_step = progress_.step;
    progress_.best_nll = nll;
  }
  progress_.without_improvement = best ? 0 : progress_.without_improvement + 1;
  if (!best) progress_.plateau_factor *= kPlateauFactor;
}

bool Trainer::validation_due() const {
  const Index every = config_.train.validate_every, step = progress_.step;
  return every > 0 && step > 0 && step % every == 0 && progress_.validated_step != step;
}

bool Trainer::checkpoint_due(double time) const {
  const Index step = progress_.step;
  if (step >= steps_) return false;  // run_to_its_end() saves
  // After a skipped step there is nothing new to save.
  if (progress_.skipped_steps > 0 || is_saved()) return false;
  // A step that was skipped leaves its checkpoint to the next one.
  if (const Index every = checkpoint_every_.steps; every > 0) return step / every > save_tried_step_ / every;
  return checkpoint_every_.seconds > 0 && time - saved_at_ >= save_interval();
}

double Trainer::save_interval() const {
  return checkpoint_every_.automatic ? automatic_interval(save_seconds_) : checkpoint_every_.seconds;
}

double automatic_interval(double save_seconds) { return std::max(kAutomaticSeconds, save_seconds / kMaxSavingShare); }

}  // namespace moelm
