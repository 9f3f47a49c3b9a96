#include "model/pass.hpp"

#include <algorithm>
#include <variant>

#include "model/layer_cache.hpp"
#include "model/output_layer.hpp"
#include "ops/kernels.hpp"
#include "ops/rows.hpp"

namespace moelm {

namespace {

void apply_sigmoid(Context& context, MatrixView x) {
  context.parallel_ranges(x.rows, kRowsPerTask, [&](Index begin, Index end) {
    kernels().sigmoid((end - begin) * x.cols, x.row(begin), x.row(begin));
  });
}

/// dy *= y (1 - y)
void sigmoid_backward(Context& context, ConstMatrixView y, MatrixView dy) {
  context.parallel_ranges(y.rows, kRowsPerTask, [&](Index begin, Index end) {
    const float* s = y.row(begin);
    float* d = dy.row(begin);
    for (Index i = 0; i < (end - begin) * y.cols; ++i) d[i] *= s[i] * (1.0f - s[i]);
  });
}

}  // namespace

Balance balance_of(const ModelConfig& config, std::size_t l, const RoutingSums& step,
                   std::span<const BalanceWindow> windows) {
  const auto& moe = std::get<MoeConfig>(config.layers[l]);
  if (!moe.has_gate()) return {moe, {}};
  if (windows.empty()) return {moe, step};
  return {windows[l].weighted(moe), windows[l].with(step)};
}

Pass::Pass(Context& context, const ModelConfig& config, const ModelParameters& parameters, const Batch& batch,
           const PassOptions& options, ModelCache& cache)
    : context_(context),
      config_(config),
      p_(parameters),
      batch_(batch),
      options_(options),
      masks_(config, batch.sequence, options),
      cache_(cache) {
  cache.layers.resize(p_.layers.size());
  cache.x.resize(p_.layers.size());
}

void Pass::begin(ModelState& state) { masks_.drop_states(state); }

void Pass::forward(ModelState& state) { forward(state, p_.layers.size() - 1); }

void Pass::forward(ModelState& state, std::size_t layers) {
  begin(state);
  for (std::size_t l = 0; l < layers; ++l) forward_layer(l, state);
}

void Pass::forward_to_gate(ModelState& state) {
  std::size_t last = p_.layers.size();
  for (std::size_t l = 0; l < p_.layers.size(); ++l)
    if (const auto* moe = std::get_if<MoeConfig>(&config_.layers[l]); moe != nullptr && moe->has_gate()) last = l;
  if (last == p_.layers.size()) return;
  forward(state, last);
  route(last);
}

/// x_0 = drop(embedding), x_l = x_{l-1} + drop(layer_l(x_{l-1}))
void Pass::forward_layer(std::size_t l, ModelState& state) {
  std::visit([&](const auto& layer) { layer_forward(l, layer, state); }, p_.layers[l]);
  finish_forward(l);
}

void Pass::finish_forward(std::size_t l) {
  masks_.drop(context_, l, cache_.x[l]);
  if (residual(l)) add(context_, cache_.x[l - 1], cache_.x[l]);
}

void Pass::backward(ModelGradients& gradients) {
  for (std::size_t l = p_.layers.size() - 1; l-- > 0;) backward_layer(l, gradients);
}

void Pass::backward_layer(std::size_t l, ModelGradients& gradients) {
  begin_backward(l);
  std::visit([&](const auto& layer) { layer_backward(l, layer, gradients.layers[l]); }, p_.layers[l]);
  finish_backward(l);
}

void Pass::begin_backward(std::size_t l) {
  copy_rows(context_, cache_.dx, cache_.dlayer);
  masks_.drop(context_, l, cache_.dlayer);
  if (l > 0) cache_.dprevious.reshape(batch_.rows(), cache_.x[l - 1].cols());
}

void Pass::finish_backward(std::size_t l) {
  if (l == 0) return;
  if (residual(l)) add(context_, cache_.dx, cache_.dprevious);
  cache_.dx.swap(cache_.dprevious);
}

void Pass::score(std::span<double> nll) {
  output_score(context_, config_, p_, softmax_input(cache_), batch_.targets, cache_, nll);
}

void Pass::softmax_backward(ModelGradients& gradients, std::span<double> nll) {
  const Matrix& x = softmax_input(cache_);
  cache_.dx.reshape(x.rows(), x.cols());
  output_backward(context_, config_, p_, x, batch_.targets, options_, rows_of_step(), cache_, gradients, nll,
                  cache_.dx);
}

Balance Pass::balance(std::size_t l) const {
  const RoutingSums& step = options_.part.sums.empty() ? routing_of(cache_, l)->sums : options_.part.sums[l];
  return balance_of(config_, l, step, options_.windows);
}

double Pass::rows_of_step() const {
  return static_cast<double>(options_.part.rows > 0 ? options_.part.rows : batch_.rows());
}

void Pass::layer_forward(std::size_t l, const EmbeddingParameters& p, ModelState&) {
  cache_.x[l].reshape(batch_.rows(), p.weight.cols());
  embedding_forward(context_, p, batch_.inputs, cache_.x[l]);
  masks_.drop_tokens(context_, batch_.inputs, cache_.x[l]);
}

void Pass::layer_backward(std::size_t, const EmbeddingParameters&, LayerGradients& gradients) {
  masks_.drop_tokens(context_, batch_.inputs, cache_.dlayer);
  auto* rows = std::get_if<RowGradient>(&gradients);
  if (rows != nullptr && !options_.part.accumulate && !config_.tied)
    return embedding_backward(context_, batch_.inputs, cache_.dlayer, *rows);
  RowGradient& part = cache_.embedding_rows;
  embedding_backward(context_, batch_.inputs, cache_.dlayer, part);
  if (rows != nullptr)
    add_rows(part, *rows);
  else
    add_rows(part, std::get<EmbeddingParameters>(gradients).weight);
}

void Pass::layer_forward(std::size_t l, const LstmParameters& p, ModelState& state) {
  auto& cache = ensure_cache<LstmCache>(cache_.layers[l]);
  cache.packing = cache_.packing;
  cache.weight_drop = masks_.weight_drop(l);
  lstm_forward(context_, p, batch_.sequence, cache_.x[l - 1], state.layers[l], cache);
  copy_rows(context_, cache.output, cache_.x[l]);
}

void Pass::layer_backward(std::size_t l, const LstmParameters& p, LayerGradients& gradients) {
  auto& cache = std::get<LstmCache>(cache_.layers[l]);
  cache.dfinal.reset(batch_.sequence.streams(), p);
  lstm_backward(context_, p, batch_.sequence, cache_.x[l - 1], cache_.dlayer, cache, cache.dfinal,
                std::get<LstmParameters>(gradients), cache_.dprevious);
}

void Pass::layer_forward(std::size_t l, const MoeParameters& p, ModelState&) {
  route(l);
  MoeLayerCache& cache = moe_cache(l);
  cache.moe.experts.packing = cache.moe.shared.packing = packing_of(cache_, p.elements());
  cache.moe.masks = masks_.moe(l);
  cache.output.reshape(batch_.rows(), cache_.x[l - 1].cols());
  moe_apply(context_, moe_config(l), p, cache_.x[l - 1], cache.moe, cache.output);
  activate(l);
}

void Pass::layer_backward(std::size_t l, const MoeParameters& p, LayerGradients& gradients) {
  activate_backward(l);
  const auto [config, sums] = balance(l);
  moe_backward(context_, config, p, cache_.x[l - 1], cache_.dlayer, sums, moe_cache(l).moe,
               std::get<GatesParameters>(gradients), cache_.dprevious);
}

void Pass::route(std::size_t l) {
  moe_route(context_, moe_config(l), std::get<MoeParameters>(p_.layers[l]).gates, cache_.x[l - 1], gate_pass(l),
            ensure_cache<MoeLayerCache>(cache_.layers[l]).moe);
}

void Pass::take_output(std::size_t l, ConstMatrixView y) {
  copy_rows(context_, y, moe_cache(l).output);
  activate(l);
}

void Pass::route_backward(std::size_t l, ModelGradients& gradients) {
  const auto [config, sums] = balance(l);
  moe_route_backward(context_, config, std::get<MoeParameters>(p_.layers[l]).gates, cache_.x[l - 1], sums,
                     moe_cache(l).moe, std::get<GatesParameters>(gradients.layers[l]), cache_.dprevious);
}

// The combined output of the experts may pass through a sigmoid (appendix C.1).
void Pass::activate(std::size_t l) {
  Matrix& output = moe_cache(l).output;
  if (moe_config(l).output == MoeOutput::sigmoid) apply_sigmoid(context_, output);
  copy_rows(context_, output, cache_.x[l]);
}

void Pass::activate_backward(std::size_t l) {
  if (moe_config(l).output == MoeOutput::sigmoid) sigmoid_backward(context_, moe_cache(l).output, cache_.dlayer);
}

GatePass Pass::gate_pass(std::size_t l) const {
  if (!options_.training) return {};
  if (options_.gate_draws.empty())
    return {true, gate_noise(RandomStream(options_.seed, "gate-noise", static_cast<Index>(l)), options_.step,
                             masks_.positions())};
  return {true, [&draws = options_.gate_draws[l]](Index row, Index first, Index count, float* out) {
            std::copy_n(draws.row(row) + first, count, out);
          }};
}

}  // namespace moelm
