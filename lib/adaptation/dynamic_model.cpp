#include "adaptation/dynamic_model.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "base/error.hpp"

namespace moelm {

namespace {

constexpr Index kWeightsPerTask = Index{1} << 16;

/// The model without what only training does: a sample for the softmax, and balancing losses.
ModelConfig without_training(ModelConfig config) {
  for (LayerConfig& layer : config.layers) {
    if (auto* softmax = std::get_if<SoftmaxConfig>(&layer)) softmax->samples = 0;
    if (auto* moe = std::get_if<MoeConfig>(&layer)) moe->w_importance = moe->w_load = moe->w_switch = moe->w_z = 0;
  }
  return config;
}

/// Rows first ... first + count - 1 of a batch of one stream.
Batch rows_of(const Batch& batch, Index first, Index count) {
  const auto cut = [&](const std::vector<std::int32_t>& ids) {
    return std::vector<std::int32_t>(ids.begin() + first, ids.begin() + first + count);
  };
  return {Sequence(1, count), cut(batch.inputs), cut(batch.targets)};
}

void append(const Batch& rows, Batch& to) {
  to.inputs.insert(to.inputs.end(), rows.inputs.begin(), rows.inputs.end());
  to.targets.insert(to.targets.end(), rows.targets.begin(), rows.targets.end());
  to.sequence = Sequence(1, static_cast<Index>(to.inputs.size()));
}

}  // namespace

void require_adaptable(const ModelConfig& config) {
  for (std::size_t l = 0; l < config.layers.size(); ++l)
    if (const auto* moe = std::get_if<MoeConfig>(&config.layers[l]); moe != nullptr && moe->weights == DataType::bf16)
      throw Error(Exit::bad_config, "--dynamic: model.layers." + std::to_string(l) +
                                        ".weights: expected f32, found bf16, which rounds small steps away; --cache " +
                                        "works with it");
}

DynamicModel::DynamicModel(Context& context, const TrainedModel& trained, const DynamicSettings& settings)
    : context_(context),
      settings_(settings),
      config_(without_training(trained.config)),
      parameters_(make_parameters(config_, vocabulary_of(trained.parameters))),
      gradients_(make_gradients(parameters_)),
      mean_rms_(trained.gradients->mean) {
  require_adaptable(config_);
  std::map<std::string, Matrix*> own;
  for (const NamedTensor& tensor : named_tensors(parameters_)) own[tensor.name] = tensor.values;
  for (const NamedTensor& tensor : named_tensors(trained.parameters)) own.at(tensor.name)->copy_from(*tensor.values);
  const std::vector<AdaptedTensor> adapted = adapted_tensors(trained.parameters);
  ensure(adapted.size() == trained.gradients->rms.size(), "the mean squares belong to the trained model");
  for (std::size_t i = 0; i < adapted.size(); ++i)
    sources_[own.at(adapted[i].tensor.name)] = {adapted[i].tensor.values->data(), trained.gradients->rms[i].data()};
  state_.reset(parameters_, 1);
  before_.copy_from(state_);
}

void DynamicModel::score(const Batch& batch, std::span<double> nll, Matrix& h) {
  ensure(batch.sequence.streams() <= 1, "weights follow a single stream");
  h.reshape(batch.rows(), input_widths(config_).back());
  for (Index first = 0, count = 0; first < batch.rows(); first += count) {
    count = std::min(settings_.segment - static_cast<Index>(segment_.inputs.size()), batch.rows() - first);
    const Batch rows = rows_of(batch, first, count);
    model_score(context_, config_, parameters_, rows, state_, cache_,
                nll.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count)));
    std::copy_n(softmax_input(cache_).data(), count * h.cols(), h.row(first));
    append(rows, segment_);
    if (segment_.rows() == settings_.segment) learn_segment();
  }
}

void DynamicModel::learn_segment() {
  if (settings_.lr > 0) {
    passed_.copy_from(before_);
    nll_.resize(static_cast<std::size_t>(segment_.rows()));
    model_gradients(context_, config_, parameters_, segment_, {}, passed_, cache_, gradients_, nll_);
    update_tensors();
    for (std::size_t l = 0; l < parameters_.layers.size(); ++l)
      if (auto* moe = std::get_if<MoeParameters>(&parameters_.layers[l])) {
        MoeCache& cache = std::get<MoeLayerCache>(cache_.layers[l]).moe;
        update_experts(moe->experts, cache.experts);
        update_experts(moe->shared, cache.shared);
      }
  }
  before_.copy_from(state_);
  segment_ = {};
}

void DynamicModel::update_tensors() {
  for (const TrainedTensor& trained : trained_tensors(parameters_, gradients_)) {
    const auto source = sources_.find(trained.tensor.values);
    if (source == sources_.end()) continue;
    Matrix& weights = *trained.tensor.values;
    if (trained.gradient != nullptr) {
      context_.parallel_ranges(weights.size(), kWeightsPerTask, [&](Index begin, Index end) {
        update(end - begin, trained.gradient->data() + begin, source->second, begin, weights.data() + begin);
      });
      continue;
    }
    const RowGradient& rows = *trained.rows;
    const Index columns = rows.rows.cols();
    for (std::size_t i = 0; i < rows.index.size(); ++i) {
      const Index first = rows.index[i] * columns;
      update(columns, rows.rows.row(static_cast<Index>(i)), source->second, first, weights.data() + first);
    }
  }
}

void DynamicModel::update_experts(std::vector<ExpertParameters>& experts, ExpertsCache& cache) {
  const ExpertFactors* const factors = &cache.factors;
  context_.parallel_for(static_cast<Index>(experts.size()), [&](Index e) {
    if (factors->rows_of(e) == 0) return;
    ExpertParameters& expert = experts[static_cast<std::size_t>(e)];
    // From the last matrix to the first: hidden layers may have to be computed again from those before.
    for (std::size_t j = expert.matrices(); j-- > 0;) {
      Matrix& weights = expert.weight[j];
      const MatrixView gradient{context_.scratch(ScratchSlot::gradient, weights.size()).data(), weights.rows(),
                                weights.cols(), weights.cols()};
      form_expert_gradient(context_, expert, {&factors, 1}, e, static_cast<Index>(j), cache, gradient);
      update(weights.size(), gradient.data, sources_.at(&weights), 0, weights.data());
    }
  });
}

void DynamicModel::update(Index n, const float* gradient, const Source& from, Index first, float* weights) const {
  const auto lr = static_cast<float>(settings_.lr), epsilon = static_cast<float>(kRmsFloor * mean_rms_),
             decay = static_cast<float>(settings_.decay / mean_rms_);
  const float *rms = from.rms + first, *trained = from.trained + first;
  for (Index i = 0; i < n; ++i)
    weights[i] += std::min(1.0f, decay * rms[i]) * (trained[i] - weights[i]) - lr * gradient[i] / (rms[i] + epsilon);
}

}  // namespace moelm
