#include "training/learner.hpp"

#include <algorithm>
#include <cmath>

#include "base/check.hpp"
#include "base/finite.hpp"
#include "moe/auxiliary_losses.hpp"
#include "ops/kernels.hpp"
#include "optim/update.hpp"
#include "training/step_check.hpp"

namespace moelm {

namespace {

/// A table of one row per token: the weights themselves, or the bias, whose rows are single numbers.
MatrixView table_view(const NamedTensor& tensor) {
  const Index columns = tensor.vector ? 1 : tensor.values->cols();
  return {tensor.values->data(), tensor.values->size() / columns, columns, columns};
}

bool has_window(const ModelConfig& config) {
  return std::any_of(config.layers.begin(), config.layers.end(), [](const LayerConfig& layer) {
    const auto* moe = std::get_if<MoeConfig>(&layer);
    return moe != nullptr && moe->has_gate() && moe->balance_window > 1;
  });
}

OwnExperts own_experts(MoeParameters& moe) {
  const std::span<const ExpertParameters> own = moe.own_experts();
  const Index first = moe.exchange.first_expert();
  OwnExperts experts{std::span(moe.experts).subspan(static_cast<std::size_t>(first), own.size()), first,
                     static_cast<Index>(moe.experts.size())};
  if (moe.exchange.exists()) experts.owner_of = [&exchange = moe.exchange](Index e) { return exchange.owner_of(e); };
  return experts;
}

/// Whether a step in parts has to know the routing of all of them beforehand.
bool balances(const ModelConfig& config) {
  return std::any_of(config.layers.begin(), config.layers.end(), [](const LayerConfig& layer) {
    const auto* moe = std::get_if<MoeConfig>(&layer);
    return moe != nullptr && moe->has_gate();
  });
}

}  // namespace

Learner::Learner(Context& context, const ModelConfig& model, const OptimizerConfig& optimizer, Index vocabulary,
                 std::uint64_t seed, Communicator& ranks)
    : config_(model),
      optimizer_(optimizer),
      seed_(seed),
      ranks_(ranks),
      parameters_(make_parameters(model, vocabulary, &ranks)),
      carried_(parameters_, ranks) {
  initialise(context, seed, parameters_);
  gradients_ = make_gradients(parameters_);
  for (const TrainedTensor& trained : trained_tensors(parameters_, gradients_)) {
    const NamedTensor& tensor = trained.tensor;
    slots_.push_back({trained, moments_.size(), {}, {}});
    moments_.push_back(
        make_moments(optimizer_.of(trained.group).kind, tensor.values->rows(), tensor.values->cols(), tensor.vector));
    if (trained.rows == nullptr) continue;
    const auto rows = static_cast<std::size_t>(table_view(tensor).rows);
    slots_.back().last_step.assign(rows, 0);
    if (optimizer_.of(trained.group).weight_decay > 0 && !tensor.vector) slots_.back().decay.assign(rows, 1.0);
  }
  if (has_window(config_))
    for (const LayerConfig& layer : config_.layers) {
      const auto* moe = std::get_if<MoeConfig>(&layer);
      windows_.push_back(moe == nullptr ? BalanceWindow{} : make_balance_window(*moe));
    }
  for (std::size_t l = 0; l < parameters_.layers.size(); ++l) {
    auto* moe = std::get_if<MoeParameters>(&parameters_.layers[l]);
    if (moe == nullptr) continue;
    const std::string prefix = "layers." + std::to_string(l) + ".";
    experts_.push_back({l, false,
                        ExpertSet(prefix + "experts", own_experts(*moe), optimizer_.experts,
                                  {seed, "rounding", static_cast<Index>(l)})});
    if (!moe->shared.empty())
      experts_.push_back({l, true,
                          ExpertSet(prefix + "shared", all_of(moe->shared), optimizer_.experts,
                                    {seed, "rounding-shared", static_cast<Index>(l)})});
  }
}

StepResult Learner::step(Context& context, const Batch& batch, const StepOptions& options) {
  if (options.lanes > 1 || ranks_.size() > 1) return lead_lanes(context, batch, options);
  return step(context, batch, options, carried_.all());
}

StepResult Learner::step(Context& context, const Batch& batch, const StepOptions& options, ModelState& state) {
  ensure(options.lanes == 1 && ranks_.size() == 1, "a batch in lanes continues from the state of the learner");
  before_.copy_from(state);
  PassOptions pass{true, seed_, options.step, options.streams};
  pass.windows = windows_;
  pass.full_softmax = options.full_softmax;
  pass.zero_state = options.zero_state;
  StepResult result;
  result.tokens = batch.rows();
  for (LayerExperts& set : experts_) set.experts.begin_step();
  // 3. Forward and backward (the numbers are those of docs/architecture.md).
  if (options.micro_batch_tokens > 0 && batch.rows() > options.micro_batch_tokens)
    pass_parts(context, split_batch(batch, options.micro_batch_tokens), pass, state, result);
  else
    pass_whole(context, batch, pass, state, result);
  // 4. Check. Nothing of a step with a NaN or an infinity is applied.
  find_non_finite(context, state, result);
  result.applied = result.fault.empty();
  if (!result.applied) {
    state.copy_from(before_);
    return result;
  }
  // 5. Update.
  bool finite = update_copies(context, options, result);
  finite &= update_experts(context, options, result);
  if (!finite) result.fault = first_bad_number(context, named_tensors(parameters_));
  return result;
}

void Learner::pass_whole(Context& context, const Batch& batch, const PassOptions& options, ModelState& state,
                         StepResult& result) {
  nll_.resize(static_cast<std::size_t>(batch.rows()));
  result.losses = model_gradients(context, config_, parameters_, batch, options, state, cache_, gradients_, nll_);
  add_routing(cache_, result.routing);
  for (LayerExperts& set : experts_) set.experts.use(cache_of(set).factors);
}

void Learner::pass_parts(Context& context, const std::vector<BatchPart>& parts, const PassOptions& options,
                         ModelState& state, StepResult& result) {
  std::vector<RoutingSums> sums;
  if (balances(config_)) sums = routing_of_parts(context, parts, options, state);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    PassOptions pass = options;
    pass.part = {parts[i].first, result.tokens, i > 0, sums};
    ModelState of_part = state_of(state, parts[i]);
    nll_.resize(static_cast<std::size_t>(parts[i].batch.rows()));
    const Losses losses =
        model_gradients(context, config_, parameters_, parts[i].batch, pass, of_part, cache_, gradients_, nll_);
    put_state(of_part, parts[i].first, state);
    result.losses.cross_entropy += losses.cross_entropy;
    result.losses.balance = losses.balance;
    add_routing(cache_, result.routing);
    for (LayerExperts& set : experts_) set.experts.take(i, cache_of(set).factors);
  }
}

std::vector<RoutingSums> Learner::routing_of_parts(Context& context, const std::vector<BatchPart>& parts,
                                                   const PassOptions& options, const ModelState& state) {
  std::vector<RoutingSums> sums;
  for (const BatchPart& part : parts) {
    PassOptions pass = options;
    pass.part.first_stream = part.first;
    ModelState of_part = state_of(state, part);
    model_routing(context, config_, parameters_, part.batch, pass, of_part, cache_);
    add_routing(cache_, sums);
  }
  return sums;
}

ExpertsCache& Learner::cache_of(const LayerExperts& set) {
  MoeCache& cache =
      lanes_.experts.empty() ? std::get<MoeLayerCache>(cache_.layers[set.layer]).moe : lanes_.experts[set.layer];
  return set.shared ? cache.shared : cache.experts;
}

void Learner::find_non_finite(Context& context, ModelState& state, StepResult& result) const {
  result.fault = first_bad_loss(result.losses);
  if (result.fault.empty()) result.grad_norm = gradient_norm(context, result.fault);
  for (const LayerExperts& set : experts_) {
    if (!result.fault.empty()) return;
    const std::string bad = set.experts.bad_gradient(context);
    if (!bad.empty()) result.fault = "gradient of " + bad;
  }
  if (result.fault.empty()) result.fault = first_bad_number(context, state);
}

const Matrix& Learner::gradient_of(const Slot& slot) {
  return slot.trained.gradient != nullptr ? *slot.trained.gradient : slot.trained.rows->rows;
}

double Learner::gradient_norm(Context& context, std::string& fault) const {
  std::vector<double> sums(slots_.size());
  context.parallel_for(static_cast<Index>(slots_.size()), [&](Index i) {
    const Matrix& gradient = gradient_of(slots_[static_cast<std::size_t>(i)]);
    sums[static_cast<std::size_t>(i)] = kernels().sum_of_squares(gradient.size(), gradient.data());
  });
  double total = 0;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    const TrainedTensor& trained = slots_[i].trained;
    if (!is_finite(sums[i]) && fault.empty()) fault = "gradient of " + trained.tensor.name;
    if (trained.group != ParameterGroup::thresholds) total += sums[i];
  }
  return std::sqrt(total);
}

bool Learner::update_copies(Context& context, const StepOptions& options, const StepResult& result) {
  const double scale = clip_scale(result.grad_norm, options.clip);
  bool finite = true;
  for (Slot& slot : slots_) finite &= update_dense(context, slot, options.step, options.lr, scale);
  for (std::size_t l = 0; l < config_.layers.size(); ++l) {
    const auto* moe = std::get_if<MoeConfig>(&config_.layers[l]);
    if (moe == nullptr) continue;
    if (moe->bias_rate > 0)
      step_bias(moe->bias_rate, result.routing[l], std::get<MoeParameters>(parameters_.layers[l]).gates.primary.bias);
    if (!windows_.empty()) windows_[l].advance(result.routing[l], moe->balance_window);
  }
  return finite;
}

bool Learner::update_experts(Context& context, const StepOptions& options, const StepResult& result) {
  bool finite = true;
  for (LayerExperts& set : experts_)
    finite &= set.experts.update(context, options.step, options.lr, result.routing[set.layer].tokens, cache_of(set));
  return finite;
}

bool Learner::update_dense(Context& context, Slot& slot, Index step, double lr, double scale) {
  OptimizerStep now{optimizer_.of(slot.trained.group), step, lr,
                    slot.trained.group == ParameterGroup::thresholds ? 1.0 : scale};
  const double decay = slot.trained.tensor.vector ? 1 : decay_of_step(now);
  if (slot.trained.gradient != nullptr) {
    now.decay = decay;
    return update_tensor(context, now, *slot.trained.gradient, moments_[slot.moments], *slot.trained.tensor.values);
  }
  for (double& of_row : slot.decay) of_row *= decay;
  return update_rows(context, now, slot.trained.rows->index, slot.trained.rows->rows, moments_[slot.moments],
                     {slot.last_step, slot.decay}, table_view(slot.trained.tensor));
}

OptimizerTensors Learner::optimizer_tensors() {
  OptimizerTensors tensors;
  const auto add = [&](const std::string& name, Moments& moments, bool vector) {
    for (const NamedTensor& tensor : moment_tensors(name, moments, vector)) tensors.moments.push_back(tensor);
  };
  for (Slot& slot : slots_) {
    add(slot.trained.tensor.name, moments_[slot.moments], slot.trained.tensor.vector);
    if (slot.trained.rows != nullptr)
      tensors.last_steps.emplace_back(slot.trained.tensor.name + ".last_step", &slot.last_step);
    if (!slot.decay.empty()) tensors.doubles.emplace_back(slot.trained.tensor.name + ".decay", slot.decay);
  }
  for (LayerExperts& set : experts_) {
    for (NamedTensor& tensor : set.experts.moment_tensors()) tensors.moments.push_back(std::move(tensor));
    tensors.last_steps.emplace_back(set.experts.name() + ".last_step", &set.experts.last_step());
    if (!set.experts.decay().empty()) tensors.doubles.emplace_back(set.experts.name() + ".decay", set.experts.decay());
  }
  for (std::size_t l = 0; l < windows_.size(); ++l)
    if (std::holds_alternative<MoeConfig>(config_.layers[l]))
      for (const auto& sums : window_tensors("layers." + std::to_string(l) + ".window.", windows_[l]))
        tensors.doubles.push_back(sums);
  return tensors;
}

}  // namespace moelm
