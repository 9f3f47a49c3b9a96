#include "bench/run_bench.hpp"

#include <algorithm>
#include <stdexcept>

#include "base/error.hpp"
#include "base/machine.hpp"
#include "base/quantity.hpp"
#include "batch/batch_source.hpp"
#include "bench/plain.hpp"
#include "bench/step_model.hpp"
#include "training/memory.hpp"

namespace moelm {

namespace {

const char* const kPart = "a trained model";
constexpr double kSeconds = 5;
constexpr int kMinRuns = 3;

void require_memory(Context& context, const StepModel& model, Index micro_batch_tokens) {
  const Index bytes = training_memory(model.model, model.vocabulary, {model.tokens(), micro_batch_tokens, 0},
                                      context.threads(), model.optimizer)
                          .total();
  const MemoryLimit limit = memory_limit();
  if (bytes > limit.bytes)
    throw Error(Exit::out_of_memory, "training this model: expected at most " + format_bytes(limit.bytes) + " (" +
                                         limit.source + "), found " + format_bytes(bytes));
}

/// Batches of a text, each with the state that it begins with.
class Text {
 public:
  Text(std::unique_ptr<BatchSource> source, const ModelParameters& parameters) : source_(std::move(source)) {
    state.reset(parameters, source_->streams());
    parameters_ = &parameters;
  }

  void next() {
    if (source_->next(batch)) state.reset(*parameters_, source_->streams());
  }
  Index streams() const { return source_->streams(); }

  Batch batch;
  ModelState state;

 private:
  std::unique_ptr<BatchSource> source_;
  const ModelParameters* parameters_;
};

/// Sum of the tokens of all calls over the number of calls: batches may differ.
struct MeanTokens {
  double sum = 0, calls = 0;

  void add(Index tokens) {
    sum += static_cast<double>(tokens);
    ++calls;
  }
  double value() const { return sum / calls; }
};

StepModel step_model_of(const RunConfig& config, Index vocabulary) {
  const TrainConfig& train = config.train;
  if (train.state == StateKind::carry) return {config.model, config.optimizer, vocabulary, train.batch, train.unroll};
  return {config.model, config.optimizer, vocabulary, 1, train.batch_tokens};
}

BenchResult bench_training(Context& context, const BenchSetting& setting, const RunConfig& config, StepModel model,
                           Learner& learner, const Dataset& data) {
  const std::string name = "run-train";
  Text text(make_batches(config.train, data), learner.parameters());
  text.next();
  StepOptions options{0, text.streams(), 0.0, config.train.clip, config.train.micro_batch_tokens};
  const BatchPart part = std::move(split_batch(text.batch, options.micro_batch_tokens).front());
  check_step(context, setting, name, config.model, learner.parameters(), part.batch, state_of(text.state, part));

  BenchResult result = begin_result(kPart, name, context);
  MeanTokens tokens;
  result.seconds = setting.median_seconds([&] { text.next(); },
                                          [&] {
                                            ++options.step;
                                            const StepResult r = learner.step(context, text.batch, options, text.state);
                                            if (!r.fault.empty())
                                              throw std::logic_error(name + ": not finite: " + r.fault);
                                            result.layers = balance_of(r);
                                            tokens.add(r.tokens);
                                          },
                                          kSeconds, kMinRuns);
  result.tokens = tokens.value();
  const double share = result.tokens / static_cast<double>(model.tokens());
  result.flops = training_flops(model) * share;
  result.bytes = training_bytes(model);
  return result;
}

BenchResult bench_evaluation(Context& context, const BenchSetting& setting, const StepModel& model,
                             const ModelParameters& parameters, const Dataset& data) {
  const std::string name = "run-eval";
  const Split split = data.tokens(Split::valid) >= 64 * 20 ? Split::valid : Split::train;
  Text text(make_stream_batches(data, split, std::min<Index>(64, std::max<Index>(1, data.tokens(split) / 20)), 20),
            parameters);
  ModelCache cache;
  std::vector<double> nll, other_nll;
  const auto score = [&](Context& in, ModelState& state, std::vector<double>& out) {
    out.resize(text.batch.rows());
    model_score(in, model.model, parameters, text.batch, state, cache, out);
  };
  text.next();
  Context other(context.threads(), context.products() == DataType::f32 ? DataType::bf16 : DataType::f32);
  ModelState state = text.state.clone();
  score(other, state, other_nll);
  state = text.state.clone();
  score(context, state, nll);
  const auto mean = [](const std::vector<double>& rows) {
    double sum = 0;
    for (const double row : rows) sum += row;
    return sum / static_cast<double>(rows.size());
  };
  expect_close(setting, name + ": mean loss in both types", {mean(nll)}, {mean(other_nll)}, 1e-2);

  BenchResult result = begin_result(kPart, name, context);
  MeanTokens tokens;
  result.seconds = setting.median_seconds([&] { text.next(); },
                                          [&] {
                                            score(context, text.state, nll);
                                            tokens.add(text.batch.rows());
                                          },
                                          kSeconds / 2);
  result.tokens = tokens.value();
  StepModel one = model;
  one.streams = one.unroll = 1;
  result.flops = evaluation_flops(one) * result.tokens;
  return result;
}

}  // namespace

std::vector<BenchResult> bench_run(Context& context, const BenchSetting& setting, LoadedModel model,
                                   const Dataset& data) {
  const RunConfig& config = model.run.config;
  const StepModel step = step_model_of(config, model.run.data.vocabulary);
  require_memory(context, step, config.train.micro_batch_tokens);
  Learner learner(context, config.model, config.optimizer, step.vocabulary, 1);
  const std::vector<NamedTensor> to = named_tensors(learner.parameters()), from = named_tensors(model.parameters);
  for (std::size_t i = 0; i < to.size(); ++i) *to[i].values = std::move(*from[i].values);
  return {bench_training(context, setting, config, step, learner, data),
          bench_evaluation(context, setting, step, learner.parameters(), data)};
}

}  // namespace moelm
