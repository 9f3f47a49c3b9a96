#include "train/trainer.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "base/check.hpp"
#include "base/error.hpp"
#include "base/finite.hpp"
#include "base/quantity.hpp"
#include "train/model_store.hpp"
#include "train/read_ahead.hpp"
#include "train/run_schedule.hpp"
#include "train/step_check.hpp"

namespace moelm {

namespace {

constexpr double kPlateauFactor = 0.5;

/// Sums the routing of every batch that a scorer sees.
class RoutingObserver {
 public:
  explicit RoutingObserver(Scorer& scorer) {
    scorer.observe([this](const Batch&, std::span<const RowOrigin>, const ModelCache& cache, std::span<const double>) {
      add_routing(cache, layers_);
    });
  }

  const std::vector<RoutingSums>& layers() const { return layers_; }

 private:
  std::vector<RoutingSums> layers_;
};

}  // namespace

Trainer::Trainer(Context& context, const RunConfig& config, const Dataset& data)
    : context_(context),
      config_(config),
      schedule_(schedule_of(config)),
      data_(data),
      learner_(context, config.model, config.optimizer, data.tokenizer().vocabulary_size(),
               static_cast<std::uint64_t>(config.train.seed)),
      batches_(make_read_ahead(make_batches(config.train, data))),
      checkpoint_every_(parse_interval("train.checkpoint_every", config.train.checkpoint_every)) {}

double Trainer::now() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

TrainEnd Trainer::run(TrainListener& listener, double max_seconds) {
  started_ = saved_at_ = now();
  seconds_before_ = progress_.seconds;
  saved_step_ = progress_.step;
  saved_validation_ = progress_.validated_step;
  announced_interval_ = automatic_interval(0);
  if (progress_.step > 0) batches_->seek(progress_.next);

  TrainEnd end = train(listener, max_seconds);
  // A stop has to be quick; every other end is worth a last validation.
  if (end != TrainEnd::stopped && !is_validated()) {
    validate(listener, false);
    if (!is_validated()) end = TrainEnd::stopped;
  }
  if (end == TrainEnd::stopped && progress_.step >= config_.train.steps && is_validated()) end = TrainEnd::finished;
  if (saved_step_ != progress_.step || saved_validation_ != progress_.validated_step || unsaved_best_)
    save(listener, SaveTime::at_the_end);
  return end;
}

TrainEnd Trainer::train(TrainListener& listener, double max_seconds) {
  // A run that was stopped within a validation makes up for it.
  if (validation_due() && !validate(listener, true)) return TrainEnd::out_of_patience;
  if (listener.stop_requested()) return TrainEnd::stopped;
  while (progress_.step < config_.train.steps) {
    train_step(listener);
    if (validation_due() && !validate(listener, true)) return TrainEnd::out_of_patience;
    if (listener.stop_requested()) return TrainEnd::stopped;
    if (max_seconds > 0 && now() - started_ >= max_seconds) return TrainEnd::time_is_up;
    if (checkpoint_due(progress_.step, now())) save(listener, SaveTime::underway);
  }
  return TrainEnd::finished;
}

void Trainer::save(TrainListener& listener, SaveTime time) {
  const double begin = now();
  const TrainProgress before = progress_;
  if (unsaved_best_) {
    progress_.kept_step = progress_.step;
    progress_.kept_nll = *unsaved_best_;
  }
  const bool saved = listener.on_save(unsaved_best_.has_value(), time);
  if (saved) {
    saved_step_ = progress_.step;
    saved_validation_ = progress_.validated_step;
    unsaved_best_.reset();
  } else {
    progress_ = before;
  }
  saved_at_ = now();
  save_seconds_ = saved_at_ - begin;
  progress_.saving_seconds += save_seconds_;
  const double interval = save_interval();
  if (interval > 1.2 * announced_interval_) {
    announced_interval_ = interval;
    listener.on_slow_save(save_seconds_, interval);
  }
}

void Trainer::train_step(TrainListener& listener) {
  const double begin = now();
  unsaved_best_.reset();
  const BatchPosition from = batches_->position();
  const bool fresh = batches_->next(batch_);
  if (fresh) state_.reset(learner_.parameters(), batch_.sequence.streams());
  const Index step = progress_.step + 1;
  const double lr = schedule_.at(step, progress_.plateau_factor);
  const StepResult result = learner_.step(
      context_, batch_, {step, batches_->streams(), lr, config_.train.clip, config_.train.micro_batch_tokens}, state_);
  progress_.step = step;
  progress_.next = batches_->position();
  progress_.seconds = seconds_before_ + (now() - started_);
  const double tokens_per_s = static_cast<double>(result.tokens) / std::max(1e-9, now() - begin);
  const StepReport report{result, progress_, lr, tokens_per_s, from};
  if (!result.fault.empty()) return note_fault(listener, report);
  progress_.tokens += result.tokens;
  progress_.bad_steps = 0;
  listener.on_step(report);
}

void Trainer::note_fault(TrainListener& listener, const StepReport& report) {
  ++progress_.bad_steps;
  listener.on_fault(report);
  if (report.result.applied) diverge(report.result.fault + " after the step was made");
  // A weight that is not finite spoils every step: no use in trying others.
  const std::string weight = first_bad_number(context_, named_tensors(learner_.parameters()));
  if (!weight.empty()) diverge(report.result.fault + " because of weight " + weight);
  if (progress_.bad_steps >= config_.train.max_bad_steps)
    diverge(format_counted(progress_.bad_steps, "step") + " in a row that were not (" + report.result.fault + ")");
}

void Trainer::diverge(const std::string& found) const {
  throw Error(Exit::diverged,
              "training: step " + std::to_string(progress_.step) + ": expected finite numbers, found " + found);
}

bool Trainer::validate(TrainListener& listener, bool scheduled) {
  if (data_.tokens(Split::valid) == 0) return true;
  Scorer scorer(context_, config_.model, learner_.parameters());
  RoutingObserver routing(scorer);
  Evaluation evaluation;
  try {
    evaluation = evaluate_split(scorer, data_, Split::valid, {config_.train.state, 1},
                                [&] { return listener.stop_requested(); });
  } catch (const Error& error) {
    if (error.exit() != Exit::stopped) throw;
    return true;  // whoever called sees the same request
  }
  const double nll = evaluation.mean_nll();
  progress_.validated_step = progress_.step;
  // Only what a run without interruptions would have validated too may decide how it goes on.
  if (scheduled) judge(nll);
  // What is not finite is never the best.
  if (is_finite(nll) && (progress_.kept_step == 0 || nll < progress_.kept_nll)) unsaved_best_ = nll;
  progress_.seconds = seconds_before_ + (now() - started_);
  listener.on_validation({evaluation, progress_, unsaved_best_.has_value(), routing.layers()});
  if (unsaved_best_) save(listener, SaveTime::underway);
  return config_.train.patience == 0 || progress_.without_improvement < config_.train.patience;
}

void Trainer::judge(double nll) {
  const bool best = is_finite(nll) && (progress_.best_step == 0 || nll < progress_.best_nll);
  if (best) {
    progress_.best_step = progress_.step;
    progress_.best_nll = nll;
  }
  progress_.without_improvement = best ? 0 : progress_.without_improvement + 1;
  if (!best) progress_.plateau_factor *= kPlateauFactor;
}

bool Trainer::is_validated() const {
  return data_.tokens(Split::valid) == 0 || progress_.validated_step == progress_.step;
}

bool Trainer::validation_due() const {
  const Index every = config_.train.validate_every, step = progress_.step;
  return every > 0 && step > 0 && step % every == 0 && progress_.validated_step != step;
}

bool Trainer::checkpoint_due(Index step, double time) const {
  if (step >= config_.train.steps) return false;  // the end saves
  if (checkpoint_every_.steps > 0) return step % checkpoint_every_.steps == 0;
  return checkpoint_every_.seconds > 0 && time - saved_at_ >= save_interval();
}

double Trainer::save_interval() const {
  return checkpoint_every_.automatic ? automatic_interval(save_seconds_) : checkpoint_every_.seconds;
}

double automatic_interval(double save_seconds) { return std::max(kAutomaticSeconds, save_seconds / kMostSaving); }

}  // namespace moelm
