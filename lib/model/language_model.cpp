#include "model/language_model.hpp"

#include "base/check.hpp"
#include "dist/orders.hpp"
#include "model/layer_cache.hpp"
#include "model/pass.hpp"

namespace moelm {

namespace {

/// The others, if this is a pass in evaluation by the leader of several ranks, whose rows need their experts.
Communicator* others_of(const ModelParameters& parameters, const PassOptions& options) {
  return !options.training && parameters.ranks != nullptr && parameters.ranks->leads() ? parameters.ranks : nullptr;
}

}  // namespace

double Losses::total() const {
  double sum = cross_entropy;
  for (const BalanceLosses& layer : balance) sum += layer.total();
  return sum;
}

void model_forward(Context& context, const ModelConfig& config, const ModelParameters& parameters, const Batch& batch,
                   const PassOptions& options, ModelState& state, ModelCache& cache) {
  Communicator* const others = others_of(parameters, options);
  if (others != nullptr) give_order(*others, Order::pass);
  const Together together(others);
  Pass(context, config, parameters, batch, options, cache).forward(state);
}

void model_score(Context& context, const ModelConfig& config, const ModelParameters& parameters, const Batch& batch,
                 ModelState& state, ModelCache& cache, std::span<double> nll) {
  const PassOptions options;
  model_forward(context, config, parameters, batch, options, state, cache);
  Pass(context, config, parameters, batch, options, cache).score(nll);
}

std::vector<BalanceLosses> balance_of_step(const ModelConfig& config, std::span<const RoutingSums> sums,
                                           std::span<const BalanceWindow> windows) {
  std::vector<BalanceLosses> losses(config.layers.size());
  for (std::size_t l = 0; l < losses.size(); ++l) {
    if (!std::holds_alternative<MoeConfig>(config.layers[l])) continue;
    const Balance balance = balance_of(config, l, sums[l], windows);
    losses[l] = balance_losses(balance.config, balance.sums);
  }
  return losses;
}

Losses model_gradients(Context& context, const ModelConfig& config, const ModelParameters& parameters,
                       const Batch& batch, const PassOptions& options, ModelState& state, ModelCache& cache,
                       ModelGradients& gradients, std::span<double> nll) {
  if (!options.part.accumulate) gradients.zero();
  Pass pass(context, config, parameters, batch, options, cache);
  pass.forward(state);
  pass.softmax_backward(gradients, nll);
  pass.backward(gradients);

  Losses losses;
  for (const double row : nll) losses.cross_entropy += row / pass.rows_of_step();
  std::vector<RoutingSums> own;
  if (options.part.sums.empty()) add_routing(cache, own);
  losses.balance = balance_of_step(config, options.part.sums.empty() ? own : options.part.sums, options.windows);
  return losses;
}

void model_serve(Context& context, const ModelConfig& config, const ModelParameters& parameters, ModelCache& cache) {
  cache.layers.resize(parameters.layers.size());
  for (std::size_t l = 0; l < parameters.layers.size(); ++l) {
    const auto* p = std::get_if<MoeParameters>(&parameters.layers[l]);
    if (p == nullptr) continue;
    const auto& moe_config = std::get<MoeConfig>(config.layers[l]);
    MoeCache& moe = ensure_cache<MoeLayerCache>(cache.layers[l]).moe;
    moe.experts.packing = packing_of(cache, p->elements());
    moe.routing.shape(0, moe_config.experts, 0);
    moe.routing.count_pairs();
    Matrix no_rows(0, p->exchange.width);
    moe_apply(context, moe_config, *p, no_rows, moe, no_rows);
  }
}

void model_routing(Context& context, const ModelConfig& config, const ModelParameters& parameters, const Batch& batch,
                   const PassOptions& options, ModelState& state, ModelCache& cache) {
  Pass(context, config, parameters, batch, options, cache).forward_to_gate(state);
}

void add_routing(const ModelCache& cache, std::vector<RoutingSums>& sums) {
  sums.resize(cache.layers.size());
  for (std::size_t l = 0; l < sums.size(); ++l)
    if (const Routing* routing = routing_of(cache, l)) sums[l].add(routing->sums);
}

const Matrix& softmax_input(const ModelCache& cache) {
  ensure(cache.x.size() >= 2, "a pass has been made");
  return cache.x[cache.x.size() - 2];
}

const Routing* routing_of(const ModelCache& cache, std::size_t layer) {
  const auto* moe = std::get_if<MoeLayerCache>(&cache.layers[layer]);
  return moe == nullptr ? nullptr : &moe->moe.routing;
}

}  // namespace moelm
