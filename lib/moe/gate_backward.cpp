#include <algorithm>

#include "base/check.hpp"
#include "moe/gate.hpp"
#include "moe/normal.hpp"

namespace moelm {

namespace {

constexpr Index kRowsOfATask = 64;

/// Backward of one row. Notation of the paper: c = clean logits, r = x W_noise, s = softplus(r) + epsilon, z = draws.
class GateRow {
 public:
  GateRow(const MoeConfig& config, const Routing& routing, const RoutingGradient& gradient, GateCache& cache, Index row)
      : config_(config), routing_(routing), gradient_(gradient), cache_(cache), row_(row) {
    dh_.assign(static_cast<std::size_t>(config.experts), 0.0);
    ds_.assign(static_cast<std::size_t>(config.experts), 0.0);
    dc_.assign(static_cast<std::size_t>(config.experts), 0.0);
  }

  /// Softmax over the k chosen: dH_i = G_i (dG_i - sum_j G_j dG_j).
  void through_gates() {
    const Index k = config_.k;
    const float* gate = routing_.gate.data() + row_ * k;
    const std::int32_t* expert = routing_.expert.data() + row_ * k;
    double mean = 0;
    for (Index j = 0; j < k; ++j) mean += static_cast<double>(gate[j]) * dgate(j, expert[j]);
    for (Index j = 0; j < k; ++j)
      dh_[static_cast<std::size_t>(expert[j])] += static_cast<double>(gate[j]) * (dgate(j, expert[j]) - mean);
  }

  /// P(x, i) = Phi(u), u = (c_i - theta_i) / s_i; theta_i is the H of another expert and carries gradient to it.
  void through_load() {
    const Index k = config_.k;
    const std::int32_t* order = cache_.order.data() + row_ * (k + 1);
    const double kth = cache_.noisy(row_, order[k - 1]), next = cache_.noisy(row_, order[k]);
    for (Index i = 0; i < config_.experts; ++i) {
      const auto e = static_cast<std::size_t>(i);
      const bool in = std::find(order, order + k, i) != order + k;
      const double s = softplus(cache_.raw(row_, i)) + config_.noise_epsilon;
      const double u = (cache_.clean(row_, i) - (in ? next : kth)) / s;
      const double f = gradient_.load[e] * normal_pdf(u) / s;
      dc_[e] += f;
      ds_[e] -= f * u;
      dh_[static_cast<std::size_t>(in ? order[k] : order[k - 1])] -= f;
    }
  }

  /// H = c + z s, s = softplus(r) + epsilon.
  void finish(bool noisy) {
    for (Index i = 0; i < config_.experts; ++i) {
      const auto e = static_cast<std::size_t>(i);
      cache_.dclean(row_, i) = static_cast<float>(dc_[e] + dh_[e]);
      if (!noisy) continue;
      const double z = cache_.draws.empty() ? 0.0 : static_cast<double>(cache_.draws(row_, i));
      cache_.draw(row_, i) = static_cast<float>((ds_[e] + dh_[e] * z) * logistic(cache_.raw(row_, i)));
    }
  }

 private:
  double dgate(Index j, std::int32_t expert) const {
    return static_cast<double>(gradient_.gate(row_, j)) + gradient_.importance[static_cast<std::size_t>(expert)];
  }

  const MoeConfig& config_;
  const Routing& routing_;
  const RoutingGradient& gradient_;
  GateCache& cache_;
  Index row_;
  std::vector<double> dh_, ds_, dc_;
};

}  // namespace

void gate_backward(Context& context, const MoeConfig& config, const GateParameters& p, ConstMatrixView x,
                   const Routing& routing, const RoutingGradient& gradient, GateCache& cache, GateParameters& gradients,
                   MatrixView dx) {
  const bool smooth = smooth_load(config, p);
  cache.dclean.reshape(x.rows, config.experts);
  if (p.noisy()) cache.draw.reshape(x.rows, config.experts);
  context.parallel_ranges(x.rows, kRowsOfATask, [&](Index begin, Index end) {
    for (Index n = begin; n < end; ++n) {
      GateRow row(config, routing, gradient, cache, n);
      row.through_gates();
      if (smooth) row.through_load();
      row.finish(p.noisy());
    }
  });
  cache.w_gate.pack(p.weight, Transpose::no);
  multiply(context, cache.dclean, cache.w_gate, 1.0f, dx);
  multiply_transposed(context, cache.dclean, x, 1.0f, gradients.weight);
  if (!p.noisy()) return;
  cache.w_noise.pack(p.noise, Transpose::no);
  multiply(context, cache.draw, cache.w_noise, 1.0f, dx);
  multiply_transposed(context, cache.draw, x, 1.0f, gradients.noise);
}

}  // namespace moelm
