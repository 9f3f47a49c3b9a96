// The part of trainer.hpp that plans the number of steps for the time that is left.
#include <algorithm>

#include "model/parameters.hpp"
#include "options/plan.hpp"
#include "options/run_schedule.hpp"
#include "training/trainer.hpp"

namespace moelm {

namespace {

/// What was never measured takes at most this share of the time: an estimate may be wrong, and the next look knows
/// more.
constexpr double kMaxEstimatedShare = 1.0 / 3;
/// Weights and two moments in single precision.
constexpr double kSavedBytesOfWeight = 12;

}  // namespace

void Trainer::set_plan(const Schedule& schedule, Index steps) {
  schedule_ = schedule;
  steps_ = steps;
}

void Trainer::begin_time_plan() {
  if (max_steps_ == 0) max_steps_ = max_planned_steps(config_);
  const bool plans = progress_.step < steps_ && ends_by_plan(schedule_.segment_of(progress_.step + 1).kind);
  time_plan_ = TimePlan(plans ? max_seconds_ : 0);
}

TimeCosts Trainer::time_costs() {
  TimeCosts costs;
  costs.step_seconds = time_plan_.step_seconds();
  const auto valid = static_cast<double>(data_.tokens(Split::valid));
  if (valid > 0) {
    const double step_tokens = static_cast<double>(rows_per_step(config_.train));
    const double estimate = kValidationShare * costs.step_seconds * valid / step_tokens;
    costs.validation_seconds =
        validation_seconds_ > 0 ? validation_seconds_ : std::min(estimate, kMaxEstimatedShare * max_seconds_);
    costs.validate_every = config_.train.validate_every;
  }
  double weights = 0;
  for (const NamedTensor& t : named_tensors(learner_.parameters())) weights += static_cast<double>(t.size());
  const double estimate = kSavedBytesOfWeight * weights / kSaveRate;
  costs.save_seconds = save_seconds_ > 0 ? save_seconds_ : std::min(estimate, kMaxEstimatedShare * max_seconds_);
  costs.save_every = {checkpoint_every_.steps, checkpoint_every_.steps > 0 ? 0 : save_interval(), false};
  return costs;
}

void Trainer::plan_by_time(TrainObserver& observer) {
  const double elapsed = now() - started_;
  const Index step = progress_.step;
  if (step >= steps_ || !time_plan_.is_due(elapsed)) return;
  const TimeCosts costs = time_costs();
  const std::optional<Index> end = time_plan_.look(elapsed, step, steps_, std::max(max_steps_, steps_), costs);
  if (!end || static_cast<Index>(schedule_.segments.size()) >= kMaxSegments) return;
  const Schedule schedule = replanned(schedule_, step, *end, config_.train.warmup);
  const PlanReport report{step, *end, steps_, elapsed, max_seconds_, costs, schedule};
  if (observer.on_plan(report)) set_plan(schedule, *end);
}

}  // namespace moelm
