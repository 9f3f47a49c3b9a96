#include "train/plan.hpp"

#include <algorithm>
#include <cmath>

namespace moelm {

namespace {

constexpr Index kMillion = 1000000;
constexpr Index kMostSteps = Index{1} << 50;

Index steps_for(double tokens, Index rows) {
  const double steps = std::ceil(tokens / static_cast<double>(rows));
  return static_cast<Index>(std::clamp(steps, 1.0, static_cast<double>(kMostSteps)));
}

double dropout_for(double passes) { return passes <= 2 ? 0.1 : passes <= 5 ? 0.2 : 0.3; }

}  // namespace

std::string preset_for(Index training_tokens) {
  if (training_tokens < 5 * kMillion) return "small";
  return training_tokens <= 50 * kMillion ? "base" : "large";
}

Index rows_per_step(const TrainConfig& config) {
  return config.state == StateKind::carry ? config.batch * config.unroll : config.batch_tokens;
}

Index planned_tokens(Index training_tokens) {
  if (training_tokens <= 0) return 16 * kMillion;
  return std::clamp(16 * kMillion, 3 * training_tokens, 12 * training_tokens);
}

RunConfig plan_run(const Settings& settings, Index training_tokens, Index steps_per_pass) {
  RunConfig config = settings.config;
  TrainConfig& train = config.train;
  if (training_tokens > 0 && !settings.is_given("train.batch"))
    while (train.batch > 1 && train.batch * train.unroll > training_tokens) train.batch /= 2;
  const Index rows = rows_per_step(train);
  const auto tokens = static_cast<double>(training_tokens);
  const Index pass = steps_per_pass > 0 ? steps_per_pass : training_tokens > 0 ? steps_for(tokens, rows) : 1000;
  double planned = static_cast<double>(train.steps) * static_cast<double>(rows);
  if (train.steps == 0) {
    const bool by_epochs = train.epochs > 0 && training_tokens > 0;
    planned = by_epochs ? train.epochs * tokens : static_cast<double>(planned_tokens(training_tokens));
    train.steps = by_epochs && steps_per_pass > 0 ? steps_for(train.epochs * static_cast<double>(steps_per_pass), 1)
                                                  : steps_for(planned, rows);
  }
  if (train.warmup == 0) train.warmup = std::clamp<Index>(train.steps / 20, 50, 1000);
  if (train.validate_every == 0) train.validate_every = std::min<Index>(pass, 1000);
  if (!settings.is_given("model.dropout"))
    config.model.dropout = dropout_for(training_tokens > 0 ? planned / tokens : 1);
  return config;
}

}  // namespace moelm
