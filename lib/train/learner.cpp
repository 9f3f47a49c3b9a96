#include "train/learner.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <mutex>

#include "base/check.hpp"
#include "ops/kernels.hpp"
#include "optim/update.hpp"

namespace moelm {

namespace {

constexpr int kExpertGradientSlot = 1;  // scratch slot; the matrix products use another

double squares(const Matrix& m) { return kernels().sum_of_squares(m.size(), m.data()); }

/// Where the gradient of a tensor is: all of it, or few of its rows.
struct GradientPlace {
  Matrix* whole = nullptr;
  RowGradient* rows = nullptr;
};

/// Of the tensor that named_tensors calls `name`, in a layer's gradients.
GradientPlace gradient_of(LayerGradients& gradients, const std::string& name) {
  const std::string field = name.substr(name.find('.', name.find('.') + 1) + 1);
  if (auto* lstm = std::get_if<LstmParameters>(&gradients)) {
    if (field == "weight_ih") return {&lstm->weight_ih, nullptr};
    if (field == "weight_hh") return {&lstm->weight_hh, nullptr};
    if (field == "weight_hr") return {&lstm->weight_hr, nullptr};
    return {&lstm->bias, nullptr};
  }
  if (auto* gate = std::get_if<GateParameters>(&gradients))
    return {field == "gate.weight" ? &gate->weight : &gate->noise, nullptr};
  if (auto* softmax = std::get_if<SoftmaxParameters>(&gradients))
    return {field == "weight" ? &softmax->weight : &softmax->bias, nullptr};
  if (auto* sampled = std::get_if<SampledSoftmaxGradient>(&gradients))
    return {nullptr, field == "weight" ? &sampled->weight : &sampled->bias};
  return {nullptr, &std::get<RowGradient>(gradients)};
}

/// A table of one row a token: the weights themselves, or the bias, whose rows are single numbers.
MatrixView table_view(const NamedTensor& tensor) {
  const Index columns = tensor.vector ? 1 : tensor.values->cols();
  return {tensor.values->data(), tensor.values->size() / columns, columns, columns};
}

bool is_expert(const std::string& name) { return name.find(".experts.") != std::string::npos; }

/// The group of a tensor outside the experts; first and last layer are tables.
ParameterGroup group_of(const std::string& name, std::size_t layer, std::size_t layers) {
  if (name.ends_with(".thresholds")) return ParameterGroup::thresholds;
  return layer == 0 || layer + 1 == layers ? ParameterGroup::tables : ParameterGroup::dense;
}

/// Factor that brings a gradient of this norm to at most `most`; 0: any norm is right.
double clip_scale(double norm, double most) { return most > 0 && norm > most ? most / norm : 1.0; }

}  // namespace

Learner::Learner(Context& context, const ModelConfig& model, const OptimizerConfig& optimizer, Index vocabulary,
                 std::uint64_t seed)
    : config_(model), optimizer_(optimizer), seed_(seed), parameters_(make_parameters(model, vocabulary)) {
  initialise(context, config_, seed, parameters_);
  gradients_ = make_gradients(config_, parameters_);
  const std::size_t layers = parameters_.layers.size();
  expert_moments_.resize(layers);
  for (const NamedTensor& tensor : named_tensors(parameters_)) {
    if (is_expert(tensor.name)) continue;
    const auto layer = static_cast<std::size_t>(std::stoul(tensor.name.substr(tensor.name.find('.') + 1)));
    const ParameterGroup group = group_of(tensor.name, layer, layers);
    const GradientPlace place = gradient_of(gradients_.layers[layer], tensor.name);
    slots_.push_back({tensor, group, moments_.size(), place.whole, place.rows, {}});
    moments_.push_back(
        make_moments(optimizer_.of(group).kind, tensor.values->rows(), tensor.values->cols(), tensor.vector));
    if (place.rows != nullptr) slots_.back().last_step.assign(static_cast<std::size_t>(table_view(tensor).rows), 0);
  }
  for (std::size_t l = 0; l < layers; ++l) {
    const auto* moe = std::get_if<MoeParameters>(&parameters_.layers[l]);
    if (moe == nullptr) continue;
    expert_moments_[l].last_step.assign(moe->experts.size(), 0);
    for (const ExpertParameters& expert : moe->experts) {
      auto& of_expert = expert_moments_[l].matrices.emplace_back();
      for (const Matrix& weight : expert.weight)
        of_expert.push_back(make_moments(optimizer_.experts.kind, weight.rows(), weight.cols(), false));
    }
  }
}

StepResult Learner::step(Context& context, const Batch& batch, Index step, Index streams, double lr, double clip,
                         ModelState& state) {
  ModelState before;
  for (const LstmState& layer : state.layers) before.layers.push_back({layer.h.clone(), layer.c.clone()});
  nll_.resize(static_cast<std::size_t>(batch.rows()));
  const PassOptions options{true, seed_, step, streams};

  StepResult result;
  result.tokens = batch.rows();
  result.losses = model_gradients(context, config_, parameters_, batch, options, state, cache_, gradients_, nll_);
  if (!std::isfinite(result.losses.cross_entropy)) result.fault = "cross-entropy";
  for (std::size_t l = 0; l < result.losses.balance.size(); ++l) {
    if (!std::isfinite(result.losses.balance[l].importance))
      result.fault = "importance loss of model.layers." + std::to_string(l);
    if (!std::isfinite(result.losses.balance[l].load)) result.fault = "load loss of model.layers." + std::to_string(l);
  }
  if (result.fault.empty()) result.grad_norm = gradient_norm(result.fault);
  if (result.fault.empty()) check_experts(context, result.fault);
  if (!result.fault.empty()) {
    state = std::move(before);
    return result;
  }
  const double scale = clip_scale(result.grad_norm, clip);
  for (Slot& slot : slots_) update_dense(context, slot, step, lr, scale);
  for (std::size_t l = 0; l < expert_moments_.size(); ++l)
    if (!expert_moments_[l].matrices.empty()) update_experts(context, l, step, lr);
  return result;
}

double Learner::gradient_norm(std::string& fault) const {
  double total = 0;
  for (const Slot& slot : slots_) {
    const double sum = squares(slot.gradient != nullptr ? *slot.gradient : slot.rows->rows);
    if (!std::isfinite(sum) && fault.empty()) fault = "gradient of " + slot.tensor.name;
    if (slot.group != ParameterGroup::thresholds) total += sum;
  }
  return std::sqrt(total);
}

void Learner::check_experts(Context& context, std::string& fault) const {
  std::mutex mutex;
  for (std::size_t l = 0; l < cache_.layers.size(); ++l) {
    const auto* cache = std::get_if<MoeLayerCache>(&cache_.layers[l]);
    if (cache == nullptr) continue;
    const ExpertsCache& factors = cache->moe.experts;
    const std::vector<Index>& offset = cache->moe.dispatch.offset;
    context.parallel_for(static_cast<Index>(offset.size()) - 1, [&](Index e) {
      const Index begin = offset[static_cast<std::size_t>(e)], end = offset[static_cast<std::size_t>(e) + 1];
      for (std::size_t j = 0; j < factors.gradient.size(); ++j)
        for (const Matrix* m : {&factors.input[j], &factors.gradient[j]})
          if (!std::isfinite(kernels().sum_of_squares((end - begin) * m->cols(), m->row(begin)))) {
            const std::lock_guard<std::mutex> lock(mutex);
            fault = "gradient of layers." + std::to_string(l) + ".experts." + std::to_string(e) + ".weight_" +
                    std::to_string(j);
          }
    });
  }
}

void Learner::update_dense(Context& context, Slot& slot, Index step, double lr, double scale) {
  const OptimizerStep now{optimizer_.of(slot.group), step, lr, slot.group == ParameterGroup::thresholds ? 1.0 : scale};
  if (slot.gradient != nullptr)
    update_tensor(context, now, *slot.gradient, moments_[slot.moments], *slot.tensor.values);
  else
    update_rows(context, now, slot.rows->index, slot.rows->rows, moments_[slot.moments], slot.last_step,
                table_view(slot.tensor));
}

void Learner::update_experts(Context& context, std::size_t layer, Index step, double lr) {
  const MoeCache& cache = std::get<MoeLayerCache>(cache_.layers[layer]).moe;
  auto& experts = std::get<MoeParameters>(parameters_.layers[layer]).experts;
  ExpertMoments& moments = expert_moments_[layer];
  // One expert a task: its gradient exists only here, between being formed and being consumed.
  context.parallel_for(static_cast<Index>(experts.size()), [&](Index e) {
    const auto expert = static_cast<std::size_t>(e);
    if (cache.routing.tokens[expert] == 0) return;
    for (std::size_t j = 0; j < experts[expert].weight.size(); ++j) {
      Matrix& weight = experts[expert].weight[j];
      const MatrixView gradient{context.scratch(kExpertGradientSlot, weight.size()).data(), weight.rows(),
                                weight.cols(), weight.cols()};
      form_expert_gradient(context, cache.dispatch, cache.experts, e, static_cast<Index>(j), gradient);
      OptimizerStep now{optimizer_.experts, step, lr};
      if (optimizer_.experts.clip > 0)
        now.grad_scale =
            clip_scale(std::sqrt(kernels().sum_of_squares(gradient.size(), gradient.data)), optimizer_.experts.clip);
      update_matrix(context, now, gradient, moments.last_step[expert], moments.matrices[expert][j], weight);
    }
    moments.last_step[expert] = step;
  });
}

OptimizerTensors Learner::optimizer_tensors() {
  OptimizerTensors tensors;
  const auto add = [&](const std::string& name, Moments& moments, bool vector) {
    if (!moments.m.empty()) tensors.moments.push_back({name + ".m", &moments.m, vector});
    if (!moments.v.empty()) tensors.moments.push_back({name + ".v", &moments.v, vector});
    if (!moments.rows.empty()) tensors.moments.push_back({name + ".rows", &moments.rows, true});
    if (!moments.columns.empty()) tensors.moments.push_back({name + ".columns", &moments.columns, true});
  };
  for (Slot& slot : slots_) {
    add(slot.tensor.name, moments_[slot.moments], slot.tensor.vector);
    if (slot.rows != nullptr) tensors.last_steps.emplace_back(slot.tensor.name + ".last_step", &slot.last_step);
  }
  for (std::size_t l = 0; l < expert_moments_.size(); ++l) {
    ExpertMoments& moments = expert_moments_[l];
    if (moments.matrices.empty()) continue;
    const std::string prefix = "layers." + std::to_string(l) + ".experts";
    for (std::size_t e = 0; e < moments.matrices.size(); ++e)
      for (std::size_t j = 0; j < moments.matrices[e].size(); ++j)
        add(prefix + "." + std::to_string(e) + ".weight_" + std::to_string(j), moments.matrices[e][j], false);
    tensors.last_steps.emplace_back(prefix + ".last_step", &moments.last_step);
  }
  return tensors;
}

std::string Learner::first_bad_weight() {
  for (const NamedTensor& tensor : named_tensors(parameters_))
    if (!std::isfinite(squares(*tensor.values))) return tensor.name;
  return {};
}

}  // namespace moelm
