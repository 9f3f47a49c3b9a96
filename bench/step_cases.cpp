#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "bench/cases.hpp"
#include "bench/plain.hpp"
#include "bench/step_model.hpp"

namespace moelm {

namespace {

constexpr double kSeconds = 3;  // of timed steps, at least
constexpr int kMinSteps = 3;

/// One training step after another on new random tokens: forward, backward, optimizer.
BenchResult run_training(Context& context, const BenchSetting& setting, const std::string& part,
                         const std::string& name, const StepModel& model) {
  Learner learner(context, model.model, model.optimizer, model.vocabulary, 1);
  // The check uses few tokens: checking a large step would take as long as the measurement.
  StepModel few = model;
  few.streams = std::min<Index>(model.streams, 64);
  few.unroll = std::min<Index>(model.unroll, 20);
  ModelState state;
  state.reset(learner.parameters(), few.streams);
  check_step(context, setting, name, model.model, learner.parameters(), random_batch(few, 0), state);

  state.reset(learner.parameters(), model.streams);
  BenchResult result = begin_result(part, name, context);
  result.tokens = static_cast<double>(model.tokens());
  result.flops = training_flops(model);
  result.bytes = training_bytes(model);
  Index step = 0;
  Batch batch;
  result.seconds = setting.median_seconds(
      [&] { batch = random_batch(model, ++step); },
      [&] {
        const StepResult r = learner.step(context, batch, {step, model.streams, 1e-3, 1.0}, state);
        if (!r.fault.empty()) throw std::logic_error(name + ": not finite: " + r.fault);
        result.layers = balance_of(r);
      },
      kSeconds, kMinSteps);
  return result;
}

/// The loss of the last row, from the input of the softmax on.
double plain_nll(const SoftmaxParameters& p, const Matrix& x, std::int32_t target) {
  Doubles logits = times(p.weight, row_of(x, x.rows() - 1));
  for (std::size_t j = 0; j < logits.size(); ++j) logits[j] += static_cast<double>(p.bias.data()[j]);
  double sum = 0;
  for (const double logit : logits) sum += std::exp(logit - logits[target]);
  return std::log(sum);
}

/// Scores of streams side by side, as moe-eval --streams does.
BenchResult run_evaluation(Context& context, const BenchSetting& setting, const std::string& part,
                           const std::string& name, const StepModel& model) {
  ModelParameters parameters = make_parameters(model.model, model.vocabulary);
  initialise(context, 1, parameters);
  const Batch batch = random_batch(model, 0);
  ModelState state;
  ModelCache cache, other_cache;
  cache.packing = other_cache.packing = WeightPacking::once;
  std::vector<double> nll(model.tokens()), other_nll = nll;
  const auto score = [&](Context& in, ModelCache& memory, std::vector<double>& out) {
    state.reset(parameters, model.streams);
    model_score(in, model.model, parameters, batch, state, memory, out);
  };
  Context other(context.threads(), context.products() == DataType::f32 ? DataType::bf16 : DataType::f32);
  score(other, other_cache, other_nll);
  score(context, cache, nll);
  const auto& softmax = std::get<SoftmaxParameters>(parameters.layers.back());
  expect_close(setting, name + ": last row", {nll.back()},
               {plain_nll(softmax, cache.x[parameters.layers.size() - 2], batch.targets.back())}, 1e-3);
  expect_close(setting, name + ": all rows in both types", nll, other_nll, 1e-2);

  BenchResult result = begin_result(part, name, context);
  result.tokens = static_cast<double>(model.tokens());
  result.flops = evaluation_flops(model);
  result.seconds = setting.median_seconds([&] { score(context, cache, nll); }, kSeconds / 2);
  return result;
}

const char* const kSteps = "whole steps";

}  // namespace

std::vector<BenchCase> step_cases(const BenchSetting& setting) {
  std::vector<BenchCase> cases;
  const auto train = [&](const std::string& name, const StepShape& shape, BenchChoice choice) {
    const StepModel model = make_step_model(setting, shape);
    cases.push_back({kSteps, name, [=](Context& c) { return run_training(c, setting, kSteps, name, model); }, choice,
                     false, step_memory(setting, model)});
  };
  for (const char* preset : {"moe-4", "moe-32", "moe-256", "moe-256-h", "moe-1024-h", "4xlstm-512"}) {
    const std::string name = preset;
    const bool standard = name == "moe-32" || name == "moe-256" || name == "4xlstm-512";
    // 1,024 experts and their moments do not fit into small memories unless they are factored.
    const OptimizerKind kind = name == "moe-1024-h" ? OptimizerKind::factored : OptimizerKind::adam;
    train("train-" + name, {.preset = name, .experts = kind}, standard ? BenchChoice::standard : BenchChoice::extra);
  }
  train("train-moe-256-bf16-experts",
        {.preset = "moe-256", .experts = OptimizerKind::factored, .weights = DataType::bf16}, BenchChoice::extra);
  for (const char* preset : {"moe-256", "4xlstm-512"})
    train("train-" + std::string(preset) + "-512x32",
          {.preset = preset, .streams = 512, .unroll = 32, .experts = OptimizerKind::factored}, BenchChoice::extra);
  for (const char* preset : {"moe-4096-h", "4xlstm-512"})
    train("train-" + std::string(preset) + "-2048x32",
          {.preset = preset,
           .streams = 2048,
           .unroll = 32,
           .experts = OptimizerKind::factored,
           .weights = DataType::bf16},
          BenchChoice::by_name);
  train("train-moe-256-8192-of-793471", {.preset = "moe-256", .vocabulary = 793471, .samples = 8192},
        BenchChoice::extra);
  const StepModel moe_32 = make_step_model(setting, {.preset = "moe-32"});
  const std::string eval = "eval-moe-32";
  cases.push_back({kSteps, eval, [=](Context& c) { return run_evaluation(c, setting, kSteps, eval, moe_32); },
                   BenchChoice::standard});
  return cases;
}

std::vector<BenchCase> growth_cases(const BenchSetting& setting) {
  std::vector<BenchCase> cases;
  for (const char* preset : {"moe-4", "moe-32", "moe-256", "moe-1024-h", "moe-4096-h"}) {
    const std::string name = std::string("growth-") + preset;
    const StepModel model = make_step_model(setting, {.preset = preset, .experts = OptimizerKind::factored});
    const bool large = std::string(preset).ends_with("-h");
    cases.push_back({kGrowthPart, name, [=](Context& c) { return run_training(c, setting, kGrowthPart, name, model); },
                     large ? BenchChoice::extra : BenchChoice::standard, false, step_memory(setting, model)});
  }
  return cases;
}

}  // namespace moelm
