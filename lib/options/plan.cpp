#include "options/plan.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>

#include "base/checked.hpp"
#include "options/run_schedule.hpp"

namespace moelm {

namespace {

constexpr Index kMillion = 1000000;

Index steps_for(double steps) {
  return static_cast<Index>(std::clamp(std::ceil(steps), 1.0, static_cast<double>(kMaxSteps)));
}

/// Optimizer steps of one pass: as counted, else as if all batches were full. 1,000 if the corpus is not known yet.
double steps_of_pass(const TrainConfig& train, const PlanFacts& facts) {
  if (facts.batches_per_pass > 0) return static_cast<double>(facts.batches_per_pass);
  if (facts.training_tokens == 0) return 1000;
  return static_cast<double>(facts.training_tokens) / static_cast<double>(rows_per_step(train));
}

double planned_passes(const TrainConfig& train, Index training_tokens, double pass) {
  const auto planned = static_cast<double>(planned_tokens(training_tokens));
  if (training_tokens > 0) return planned / static_cast<double>(training_tokens);
  return planned / (static_cast<double>(rows_per_step(train)) * pass);
}

/// Steps between validations of a training of `steps` steps, each pass of `pass` steps.
Index planned_validations(const TrainConfig& train, const PlanFacts& facts, double pass, double steps) {
  if (facts.training_tokens == 0) return 1000;
  const double often = std::min(std::ceil(pass), 1000.0);
  const double affordable = kValidationShare / kValidationTime * static_cast<double>(facts.validation_tokens) /
                            static_cast<double>(rows_per_step(train));
  return steps_for(std::max(often, std::min(affordable, steps / 8)));
}

constexpr double kFewPasses = 5, kManyPasses = 15;
/// Beyond few passes (docs/results.md).
constexpr double kWeightDecay = 0.1;

/// Dropout by the passes that are expected.
double dropout_for(double passes) {
  return passes <= 2 ? 0.1 : passes <= kFewPasses ? 0.2 : passes <= kManyPasses ? 0.3 : 0.4;
}

/// The passes that are asked for, else planned.
double asked_passes(const TrainConfig& train, const PlanFacts& facts) {
  const double pass = steps_of_pass(train, facts);
  if (train.steps > 0) return static_cast<double>(train.steps) / pass;
  const bool known = facts.training_tokens > 0;
  if (train.epochs > 0 && known) return train.epochs;
  return facts.tokens_in_time && known ? kMaxTimedPasses : planned_passes(train, facts.training_tokens, pass);
}

/// The passes that the time allows of them.
double expected_passes(const TrainConfig& train, const PlanFacts& facts) {
  const double asked = asked_passes(train, facts);
  if (!facts.tokens_in_time || facts.training_tokens == 0) return asked;
  return std::min(asked, *facts.tokens_in_time / static_cast<double>(facts.training_tokens));
}

/// The last layer if it is a softmax, as in every valid model.
SoftmaxConfig* softmax_of(ModelConfig& model) {
  return model.layers.empty() ? nullptr : std::get_if<SoftmaxConfig>(&model.layers.back());
}

bool is_softmax_given(const ConfigDraft& draft, std::string_view key) {
  return draft.is_given(layer_key(draft.config.model.layers.size() - 1, key));
}

}  // namespace

std::string preset_for(Index training_tokens, const std::function<double(const std::string& preset)>& tokens_read) {
  struct Need {
    const char* preset;
    Index text, read;
  };
  constexpr Need kNeeds[] = {{"large", 50 * kMillion, 200 * kMillion}, {"base", 5 * kMillion, 42 * kMillion}};
  for (const auto& [preset, text, read] : kNeeds) {
    if (training_tokens < text) continue;
    const double reads = tokens_read ? tokens_read(preset) : static_cast<double>(planned_tokens(training_tokens));
    if (reads >= static_cast<double>(read)) return preset;
  }
  return "small";
}

Index rows_per_step(const TrainConfig& config) {
  return config.state == StateKind::carry ? product_at_most(config.batch, config.unroll) : config.batch_tokens;
}

Index planned_tokens(Index training_tokens) {
  if (training_tokens <= 0) return 16 * kMillion;
  return std::clamp(16 * kMillion, 3 * training_tokens, 12 * training_tokens);
}

std::vector<Index> planned_cutoffs(Index vocabulary) {
  std::vector<Index> cutoffs;
  for (const Index cutoff : {2000, 10000, 50000})
    if (cutoff < vocabulary / 2) cutoffs.push_back(cutoff);
  return cutoffs;
}

void plan_softmax(Index vocabulary, ConfigDraft& draft) {
  SoftmaxConfig* const softmax = softmax_of(draft.config.model);
  if (softmax == nullptr || draft.is_given("model.layers")) return;
  if (is_softmax_given(draft, "cutoffs") || is_softmax_given(draft, "samples")) return;
  if (draft.config.model.tied && softmax->divisor != 1 && is_softmax_given(draft, "divisor")) return;
  softmax->cutoffs = planned_cutoffs(vocabulary);
}

void widen_tied_clusters(ConfigDraft& draft) {
  SoftmaxConfig* const softmax = softmax_of(draft.config.model);
  if (softmax == nullptr || !draft.config.model.tied || softmax->cutoffs.empty()) return;
  if (!is_softmax_given(draft, "divisor")) softmax->divisor = 1;
}

void plan_many_passes(const PlanFacts& facts, ConfigDraft& draft) {
  ModelConfig& model = draft.config.model;
  const double passes = expected_passes(draft.config.train, facts);
  if (facts.training_tokens == 0 || passes <= kFewPasses) return;
  if (!draft.is_given("model.locked_dropout")) model.locked_dropout = true;
  if (!draft.is_given("model.embedding_dropout")) model.embedding_dropout = 0.1;
  if (!draft.is_given("model.weight_drop") && passes > kManyPasses) model.weight_drop = 0.3;
  OptimizerConfig& optimizer = draft.config.optimizer;
  for (const auto& [key, group] :
       {std::pair<const char*, GroupConfig*>("optimizer.default.weight_decay", &optimizer.dense),
        {"optimizer.tables.weight_decay", &optimizer.tables},
        {"optimizer.experts.weight_decay", &optimizer.experts}})
    if (!draft.is_given(key)) group->weight_decay = kWeightDecay;
  SoftmaxConfig* const softmax = softmax_of(model);
  if (softmax == nullptr || draft.is_given("model.layers")) return;
  if (!is_softmax_given(draft, "unigram_bias")) softmax->unigram_bias = true;
}

void fit_batch(Index training_tokens, ConfigDraft& draft) {
  TrainConfig& train = draft.config.train;
  if (training_tokens == 0 || draft.is_given("train.batch")) return;
  while (train.batch > 1 && product_at_most(train.batch, train.unroll) > training_tokens) train.batch /= 2;
}

RunConfig plan_run(const ConfigDraft& draft, const PlanFacts& facts) {
  RunConfig config = draft.config;
  TrainConfig& train = config.train;
  const bool known = facts.training_tokens > 0;
  const double pass = steps_of_pass(train, facts), passes = expected_passes(train, facts);
  if (train.steps == 0) train.steps = steps_for(asked_passes(train, facts) * pass);
  if (train.warmup == 0) train.warmup = planned_warmup(train.steps);
  if (train.validate_every == 0) train.validate_every = planned_validations(train, facts, pass, passes * pass);
  if (!draft.is_given("model.dropout")) config.model.dropout = dropout_for(known ? passes : 1);
  config.schedule = {};
  config.schedule = schedule_of(config);
  return config;
}

}  // namespace moelm
