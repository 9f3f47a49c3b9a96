#include "moe_train/training_console.hpp"

#include <algorithm>

#include "base/quantity.hpp"
#include "options/run_schedule.hpp"
#include "terminal/format.hpp"
#include "training/layer_balance.hpp"

namespace moelm {

namespace {

constexpr double kPaintSeconds = 0.2;
constexpr Index kStepsBeforeAnnouncement = 20;
/// The first steps are slower, because caches and memory are cold.
constexpr Index kStepsNotTimed = 3;

}  // namespace

TrainingConsole::TrainingConsole(Console& console, const RunConfig& config, double max_seconds)
    : console_(console),
      config_(config),
      max_seconds_(max_seconds),
      schedule_(schedule_of(config)),
      steps_(config.train.steps) {}

void TrainingConsole::message(const std::string& text) { console_.note(text); }

void TrainingConsole::on_step(const StepReport& report) {
  const double now = watch_.seconds();
  if (++steps_seen_ > kStepsNotTimed)
    step_seconds_ += static_cast<double>(report.result.tokens) / std::max(1e-9, report.tokens_per_s);
  if (steps_seen_ == kStepsBeforeAnnouncement) announce(report.progress.step, now);
  if (now - painted_ >= kPaintSeconds) paint(report, now);
}

void TrainingConsole::paint(const StepReport& report, double now) {
  painted_ = now;
  TrainingProgress p;
  p.step = report.progress.step;
  p.steps = steps_;
  p.loss = report.result.losses.cross_entropy;
  p.lr = report.lr;
  p.tokens_per_s = report.tokens_per_s;
  p.eta_seconds = remaining(p.step, now);
  for (const RoutingSums& sums : report.result.routing) {
    if (sums.rows == 0) continue;
    const LayerBalance balance = balance_of(sums);
    p.has_experts = true;
    p.cv_importance = std::max(p.cv_importance, balance.cv_importance);
    p.cv_load = std::max(p.cv_load, balance.cv_load);
    p.dead += balance.dead;
    p.experts += balance.experts;
  }
  console_.update(progress_line(p), now);
}

double TrainingConsole::seconds_per_step() const {
  return step_seconds_ / static_cast<double>(steps_seen_ - kStepsNotTimed);
}

double TrainingConsole::remaining(Index step, double now) const {
  if (steps_seen_ <= kStepsNotTimed) return -1;
  const double seconds = seconds_per_step() * static_cast<double>(steps_ - step);
  return max_seconds_ > 0 ? std::min(seconds, std::max(0.0, max_seconds_ - now)) : seconds;
}

void TrainingConsole::announce(Index step, double now) {
  const double per_step = seconds_per_step();
  const Index before = step - steps_seen_;
  const double all = per_step * static_cast<double>(steps_ - step) + now;
  const bool cut = max_seconds_ > 0 && all > max_seconds_;
  if (cut && ends_by_plan(config_.train.schedule)) return;  // on_plan() will tell
  std::string text = (before > 0 ? format_count(steps_ - before) + " of " : "") + format_counted(steps_, "step") +
                     (before > 0 ? " are left and" : "") + " will take about " + format_duration(all) +
                     ", validations not counted";
  if (cut) text += "; training ends after " + format_duration(max_seconds_) + " as asked (--max-time)";
  console_.note(text);
}

bool TrainingConsole::on_plan(const PlanReport& plan) {
  steps_ = plan.steps;
  schedule_ = plan.schedule;
  plans_.push_back(plan.steps);
  const std::string speed = format_measure(plan.costs.step_seconds, 2) + " s a step";
  if (plans_.size() > 1) {
    console_.note("step " + format_count(plan.step) + ": now " + speed + ", so " + format_counted(plan.steps, "step") +
                  " are planned instead of " + format_count(plan.before));
    return true;
  }
  const double end = plan.costs.validation_seconds + plan.costs.save_seconds;
  console_.note(format_counted(plan.steps, "step") + " are planned for " + format_duration(plan.max_seconds) + ", at " +
                speed + " and about " + format_duration(end) +
                " for each validation and save; the learning rate comes to " + rate_share(schedule_, steps_) +
                " of its peak in the last step");
  return true;
}

std::string TrainingConsole::time_summary(Index step) {
  if (max_seconds_ <= 0) return "";
  const std::string used = format_duration(watch_.seconds()) + " of " + format_duration(max_seconds_) +
                           " are used; in step " + format_count(step) + " the learning rate was " +
                           rate_share(schedule_, step) + " of its peak";
  if (plans_.empty()) return used;
  std::string steps;
  for (std::size_t i = 0; i < plans_.size(); ++i) {
    if (i > 2 && i + 2 < plans_.size()) continue;
    steps += (i == 0 ? "" : i > 2 && i + 2 == plans_.size() ? ", ..., " : ", then ") + format_count(plans_[i]);
  }
  return "steps planned for the time: " + steps + "; " + used;
}

void TrainingConsole::on_validation(const ValidationReport& report) {
  console_.note("step " + format_count(report.progress.step) + ": validation perplexity " +
                format_measure(report.evaluation.perplexity(), 5) + " over " +
                format_counted(report.evaluation.tokens, "token") + (report.best ? " (best)" : "") +
                dead_experts(report.routing));
}

std::string TrainingConsole::dead_experts(const std::vector<RoutingSums>& routing) const {
  Index dead = 0, experts = 0;
  bool noisy = false;
  for (std::size_t l = 0; l < routing.size(); ++l) {
    const auto* moe = std::get_if<MoeConfig>(&config_.model.layers[l]);
    if (moe == nullptr || !moe->has_gate()) continue;
    const LayerBalance balance = balance_of(routing[l]);
    dead += balance.dead;
    experts += balance.experts;
    noisy = noisy || moe->gate == GateKind::noisy_top_k;
  }
  if (dead == 0) return "";
  return "; " + format_count(dead) + " of " + format_count(experts) + " experts without a token" +
         (noisy ? " (validation draws no noise, training does)" : "");
}

}  // namespace moelm
