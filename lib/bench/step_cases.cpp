#include <stdexcept>

#include "base/random.hpp"
#include "bench/measure.hpp"
#include "model/size.hpp"
#include "train/learner.hpp"
#include "train/scorer.hpp"

namespace moelm {

namespace {

/// embedding, LSTM, the given middle, LSTM, softmax, all 512 wide (appendix C.1).
ModelConfig model_of_512(std::vector<LayerConfig> middle) {
  ModelConfig model;
  model.layers = {EmbeddingConfig{512}, LstmConfig{512, 0}};
  model.layers.insert(model.layers.end(), middle.begin(), middle.end());
  model.layers.insert(model.layers.end(), {LstmConfig{512, 0}, SoftmaxConfig{}});
  return model;
}

MoeConfig experts_of_1024(Index experts, Index k) {
  MoeConfig moe;
  moe.experts = experts;
  moe.k = k;
  moe.hidden = {1024};
  return moe;
}

struct StepShape {
  ModelConfig model;
  Index vocabulary, streams, steps;

  Index tokens() const { return streams * steps; }
  /// Multiply-adds of one token: gate, chosen experts, LSTM and softmax.
  double ops() const {
    const ModelSize size = model_size(model, vocabulary);
    return static_cast<double>(size.ops_per_timestep + size.softmax_ops);
  }
};

Batch random_batch(const StepShape& shape, Index step) {
  Batch batch;
  batch.sequence = Sequence(shape.streams, shape.steps);
  const RandomStream stream(1, "bench-tokens", 0);
  const auto token = [&](Index row, Index column) {
    return static_cast<std::int32_t>(stream.uniform(step, row, column) * static_cast<float>(shape.vocabulary));
  };
  for (Index row = 0; row < shape.tokens(); ++row) {
    batch.inputs.push_back(token(row, 0));
    batch.targets.push_back(token(row, 1));
  }
  return batch;
}

/// One training step after another on new random tokens: forward, backward, Adam on everything.
BenchCase train_case(const std::string& name, const StepShape& shape) {
  return {name, [name, shape](Context& context) {
            Learner learner(context, shape.model, OptimizerConfig{}, shape.vocabulary, 1);
            ModelState state;
            state.reset(learner.parameters(), shape.streams);
            Index step = 0;
            BenchResult result{name, data_type_name(context.products())};
            result.tokens = static_cast<double>(shape.tokens());
            result.flops = 6.0 * shape.ops() * result.tokens;
            result.seconds = median_seconds(
                [&] {
                  ++step;
                  const StepResult r =
                      learner.step(context, random_batch(shape, step), {step, shape.streams, 1e-3, 1.0}, state);
                  if (!r.fault.empty()) throw std::logic_error(name + ": not finite: " + r.fault);
                },
                5, 5.0);
            return result;
          }};
}

/// Scores of streams side by side, as moe-eval --streams does.
BenchCase eval_case(const std::string& name, const StepShape& shape) {
  return {name, [name, shape](Context& context) {
            ModelParameters parameters = make_parameters(shape.model, shape.vocabulary);
            initialise(context, shape.model, 1, parameters);
            ModelState state;
            state.reset(parameters, shape.streams);
            ModelCache cache;
            const Batch batch = random_batch(shape, 0);
            std::vector<double> nll(static_cast<std::size_t>(shape.tokens()));
            BenchResult result{name, data_type_name(context.products())};
            result.tokens = static_cast<double>(shape.tokens());
            result.flops = 2.0 * shape.ops() * result.tokens;
            result.seconds = median_seconds(
                [&] { model_score(context, shape.model, parameters, batch, state, cache, nll); }, 5, 3.0);
            return result;
          }};
}

}  // namespace

std::vector<BenchCase> step_cases() {
  const StepShape moe_32{model_of_512({experts_of_1024(32, 4)}), 10000, 64, 20};
  const StepShape moe_256{model_of_512({experts_of_1024(256, 4)}), 10000, 64, 20};
  const StepShape dense{model_of_512({LstmConfig{512, 0}, LstmConfig{512, 0}}), 10000, 64, 20};
  return {train_case("train-moe-32", moe_32), train_case("train-moe-256", moe_256),
          train_case("train-4xlstm-512", dense), eval_case("eval-moe-32", moe_32)};
}

}  // namespace moelm
