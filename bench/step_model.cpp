#include "bench/step_model.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/machine.hpp"
#include "base/random.hpp"
#include "bench/plain.hpp"
#include "bench/plain_update.hpp"
#include "model/size.hpp"
#include "moe/balance.hpp"
#include "options/config_json.hpp"
#include "options/presets.hpp"
#include "training/memory.hpp"

namespace moelm {

namespace {

// bfloat16 keeps three digits of what products read; a mean of many rows loses less, a norm of many gradients more.
constexpr double kLossTolerance = 0.01, kNormTolerance = 0.1;

void shrink(const BenchSetting& setting, ModelConfig& model) {
  scale_width(model, setting.size(std::get<EmbeddingConfig>(model.layers.front()).width));
  for (LayerConfig& layer : model.layers) {
    auto* moe = std::get_if<MoeConfig>(&layer);
    if (moe == nullptr) continue;
    const Index in_group = setting.size(moe->group_size());
    if (moe->hierarchical()) moe->groups = setting.size(moe->groups);
    moe->experts = in_group * std::max<Index>(1, moe->groups);
  }
}

double dense_bytes(const OptimizerConfig& optimizer, ParameterGroup group) {
  const OptimizerKind kind = optimizer.of(group).kind;
  return update_bytes(kind) + gradient_reads(kind) * sizeof(float);
}

/// Experts that N tokens touch where each chooses k of E with equal probability.
double touched_experts(const MoeConfig& moe, double tokens) {
  const auto experts = static_cast<double>(moe.experts);
  return experts * (1 - std::pow(1 - static_cast<double>(moe.experts_per_token()) / experts, tokens));
}

/// Bytes of one weight of an expert in a step: read in both directions and updated. Weights kept in bfloat16 are half.
double expert_bytes(DataType weights, OptimizerKind kind) {
  const double weight = weights == DataType::bf16 ? sizeof(Bf16) : sizeof(float);
  const double moments = update_bytes(kind) - 2 * sizeof(float);
  return 4 * weight + moments;
}

double norm_of(ModelParameters& parameters, ModelGradients& gradients) {
  double sum = 0;
  for (const TrainedTensor& t : trained_tensors(parameters, gradients)) {
    const Matrix& values = t.gradient != nullptr ? *t.gradient : t.rows->rows;
    sum += inner_product(values.data(), values.data(), values.size());
  }
  return std::sqrt(sum);
}

}  // namespace

StepModel make_step_model(const BenchSetting& setting, const StepShape& shape) {
  ConfigDraft draft;
  apply_document(find_preset(shape.preset).document, "preset " + shape.preset, draft);
  StepModel step{draft.config.model, draft.config.optimizer, setting.size(shape.vocabulary),
                 setting.size(shape.streams), setting.size(shape.unroll)};
  if (setting.tiny) shrink(setting, step.model);
  step.optimizer.experts.kind = shape.experts;
  for (LayerConfig& layer : step.model.layers)
    if (auto* moe = std::get_if<MoeConfig>(&layer)) moe->weights = shape.weights;
  if (shape.samples > 0) std::get<SoftmaxConfig>(step.model.layers.back()).samples = setting.size(shape.samples);
  return step;
}

Index step_memory(const BenchSetting& setting, const StepModel& m) {
  if (setting.tiny) return 0;
  return training_memory(m.model, m.vocabulary, {m.tokens(), 0, 0}, default_threads().threads, m.optimizer).total();
}

Batch random_batch(const StepModel& model, Index step) {
  Batch batch;
  batch.sequence = Sequence(model.streams, model.unroll);
  const RandomStream stream(1, "bench-tokens", 0);
  const auto token = [&](Index row, Index column) {
    return static_cast<std::int32_t>(stream.uniform(step, row, column) * static_cast<float>(model.vocabulary));
  };
  for (Index row = 0; row < model.tokens(); ++row) {
    batch.inputs.push_back(token(row, 0));
    batch.targets.push_back(token(row, 1));
  }
  return batch;
}

double training_flops(const StepModel& m) {
  const ModelSize size = model_size(m.model, m.vocabulary);
  return 6.0 * static_cast<double>((size.ops_per_timestep + size.softmax_training_ops) * m.tokens());
}

double evaluation_flops(const StepModel& m) {
  const ModelSize size = model_size(m.model, m.vocabulary);
  return 2.0 * static_cast<double>((size.ops_per_timestep + size.softmax_ops) * m.tokens());
}

double training_bytes(const StepModel& m) {
  const ModelSize size = model_size(m.model, m.vocabulary);
  const auto tokens = static_cast<double>(m.tokens());
  const double table_bytes = dense_bytes(m.optimizer, ParameterGroup::tables);
  double bytes = 0;
  for (std::size_t l = 0; l < size.layers.size(); ++l) {
    const LayerSize& layer = size.layers[l];
    auto numbers = static_cast<double>(layer.parameters);
    if (const auto* moe = std::get_if<MoeConfig>(&m.model.layers[l])) {
      const auto of_one = static_cast<double>(expert_weights(*moe, layer.input_width));
      numbers -= of_one * static_cast<double>(moe->experts);
      bytes += of_one * touched_experts(*moe, tokens) * expert_bytes(moe->weights, m.optimizer.experts.kind);
    }
    const bool embedding = l == 0, softmax = l + 1 == size.layers.size();
    if (embedding) numbers = std::min(numbers, tokens * static_cast<double>(layer.output_width));
    if (softmax && std::get<SoftmaxConfig>(m.model.layers[l]).samples > 0)
      numbers = std::min(numbers, (tokens + static_cast<double>(std::get<SoftmaxConfig>(m.model.layers[l]).samples)) *
                                      static_cast<double>(layer.input_width));
    bytes += numbers * (embedding || softmax ? table_bytes : dense_bytes(m.optimizer, ParameterGroup::dense));
  }
  return bytes;
}

std::vector<BenchLayer> balance_of(const StepResult& result) {
  std::vector<BenchLayer> layers;
  for (std::size_t l = 0; l < result.routing.size(); ++l) {
    const RoutingSums& sums = result.routing[l];
    if (sums.rows == 0) continue;
    const Doubles tokens(sums.tokens.begin(), sums.tokens.end());
    layers.push_back({l, static_cast<Index>(tokens.size()), max_over_mean(tokens)});
  }
  return layers;
}

void check_step(Context& context, const BenchSetting& setting, const std::string& name, const ModelConfig& config,
                ModelParameters& parameters, const Batch& batch, const ModelState& state) {
  Context other(context.threads(), context.products() == DataType::f32 ? DataType::bf16 : DataType::f32);
  ModelGradients gradients = make_gradients(parameters);
  ModelCache cache;
  std::vector<double> nll(batch.rows());
  const auto pass = [&](Context& in) {
    ModelState begin = state.clone();
    const PassOptions options{true, 1, 1, batch.sequence.streams()};
    const Losses losses = model_gradients(in, config, parameters, batch, options, begin, cache, gradients, nll);
    return std::pair(losses.cross_entropy, norm_of(parameters, gradients));
  };
  const auto [loss, norm] = pass(context);
  const auto [other_loss, other_norm] = pass(other);
  expect_close(setting, name + ": loss", {loss}, {other_loss}, kLossTolerance);
  expect_close(setting, name + ": norm of the gradient", {norm}, {other_norm}, kNormTolerance);
}

}  // namespace moelm
