#include "train/trainer.hpp"

#include <chrono>
#include <cmath>

#include "base/check.hpp"
#include "base/error.hpp"
#include "base/finite.hpp"
#include "train/model_store.hpp"
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
      data_(data),
      learner_(context, config.model, config.optimizer, data.tokenizer().vocabulary_size(),
               static_cast<std::uint64_t>(config.train.seed)),
      batches_(make_batches(config.train, data)),
      checkpoint_every_(parse_interval("train.checkpoint_every", config.train.checkpoint_every)) {
  progress_.planned_steps = config.train.steps;
}

double Trainer::now() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

TrainEnd Trainer::run(TrainListener& listener, double max_seconds) {
  started_ = saved_at_ = now();
  seconds_before_ = progress_.seconds;
  saved_step_ = progress_.step;
  if (state_.layers.empty()) reset_carried();
  if (progress_.step > 0) batches_->seek(progress_.next);

  TrainEnd end = TrainEnd::finished;
  // A run that was stopped within a validation makes up for it.
  if (validation_due()) validate(listener, true);
  while (progress_.step < config_.train.steps) {
    train_step(listener);
    if (validation_due() && !validate(listener, true)) {
      end = TrainEnd::out_of_patience;
      break;
    }
    if (listener.stop_requested()) {
      end = TrainEnd::stopped;
      break;
    }
    if (max_seconds > 0 && now() - started_ >= max_seconds) {
      end = TrainEnd::time_is_up;
      break;
    }
    if (checkpoint_due(progress_.step, now())) {
      listener.on_save(false);
      saved_step_ = progress_.step;
      saved_at_ = now();
    }
  }
  // A stop has to be quick; every other end is worth a last validation.
  if (end != TrainEnd::stopped && progress_.validated_step != progress_.step) validate(listener, false);
  if (saved_step_ != progress_.step) listener.on_save(false);
  return end;
}

void Trainer::train_step(TrainListener& listener) {
  const double begin = now();
  const BatchPosition from = batches_->position();
  const bool fresh = batches_->next(batch_);
  if (fresh) reset_carried();
  const Index step = progress_.step + 1;
  const Schedule schedule{config_.train.schedule, config_.train.lr, config_.train.warmup, progress_.planned_steps,
                          progress_.plateau_factor};
  const double lr = schedule.at(step);
  StepResult result = learner_.step(
      context_, batch_, {step, batches_->streams(), lr, config_.train.clip, config_.train.micro_batch_tokens}, state_);
  progress_.step = step;
  progress_.next = batches_->position();
  progress_.seconds = seconds_before_ + (now() - started_);
  const double tokens_per_s = static_cast<double>(result.tokens) / std::max(1e-9, now() - begin);
  const bool applied = result.fault.empty();
  if (applied) result.fault = fault_after(result);
  const StepReport report{result, progress_, lr, tokens_per_s, from, applied};
  if (!result.fault.empty()) return note_fault(listener, report);
  progress_.tokens += result.tokens;
  progress_.bad_steps = 0;
  listener.on_step(report);
}

std::string Trainer::fault_after(const StepResult& result) {
  std::string bad = first_bad_number(result);
  if (bad.empty()) bad = first_bad_number(context_, named_tensors(learner_.parameters()));
  if (bad.empty()) bad = first_bad_number(context_, state_tensors(state_));
  return bad;
}

void Trainer::note_fault(TrainListener& listener, const StepReport& report) {
  ++progress_.bad_steps;
  listener.on_fault(report);
  if (report.applied) diverge(report.result.fault + " after the step was made");
  // A weight that is not finite spoils every step: no use in trying others.
  const std::string weight = first_bad_number(context_, named_tensors(learner_.parameters()));
  if (!weight.empty()) diverge(report.result.fault + " because of weight " + weight);
  if (progress_.bad_steps >= config_.train.max_bad_steps)
    diverge(std::to_string(progress_.bad_steps) + " steps in a row that were not (" + report.result.fault + ")");
}

void Trainer::diverge(const std::string& found) const {
  throw Error(Exit::diverged, "training: step " + std::to_string(progress_.step) + ": expected finite numbers, found " +
                                  found + "; lower train.lr and go on from the last checkpoint, which is sound");
}

bool Trainer::validate(TrainListener& listener, bool scheduled) {
  if (data_.tokens(Split::valid) == 0) return true;
  Scorer scorer(context_, config_.model, learner_.parameters());
  RoutingObserver routing(scorer);
  Evaluation evaluation;
  try {
    evaluation = evaluate_split(scorer, data_, Split::valid, {config_.train.state, 1},
                                [&] { return scheduled && listener.stop_requested(); });
  } catch (const Error& error) {
    if (error.exit() != Exit::stopped) throw;
    return true;  // the loop sees the same request and ends
  }
  progress_.validated_step = progress_.step;
  // What is not finite is never the best.
  const double nll = evaluation.mean_nll();
  const bool best = is_finite(nll) && (progress_.best_step == 0 || nll < progress_.best_nll);
  if (best) {
    progress_.best_step = progress_.step;
    progress_.best_nll = nll;
  }
  if (scheduled) {
    progress_.without_improvement = best ? 0 : progress_.without_improvement + 1;
    if (!best) progress_.plateau_factor *= kPlateauFactor;
  }
  progress_.seconds = seconds_before_ + (now() - started_);
  listener.on_validation({evaluation, progress_, best, routing.layers()});
  if (best) {
    listener.on_save(true);
    saved_step_ = progress_.step;
    saved_at_ = now();
  }
  return config_.train.patience == 0 || progress_.without_improvement < config_.train.patience;
}

bool Trainer::validation_due() const {
  const Index every = config_.train.validate_every, step = progress_.step;
  return every > 0 && step > 0 && step % every == 0 && progress_.validated_step != step;
}

bool Trainer::checkpoint_due(Index step, double time) const {
  if (step >= config_.train.steps) return false;  // the end saves
  if (checkpoint_every_.steps > 0) return step % checkpoint_every_.steps == 0;
  return checkpoint_every_.seconds > 0 && time - saved_at_ >= checkpoint_every_.seconds;
}

}  // namespace moelm
