#include "moe/noisy_top_k_gate.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "moe/top_k_gate.hpp"
#include "ops/kernels.hpp"
#include "ops/rows.hpp"

namespace moelm {

namespace {

void add_noise(Context& context, const GateConfig& config, const GatePass& pass, GateCache& cache) {
  const Index rows = cache.clean.rows(), experts = config.experts;
  const bool drawn = pass.training && pass.draw;
  cache.noisy.reshape(rows, experts);
  cache.deviation.reshape(rows, experts);
  cache.draws.reshape(drawn ? rows : 0, drawn ? experts : 0);
  context.parallel_ranges(rows, kRowsPerTask, [&](Index begin, Index end) {
    for (Index n = begin; n < end; ++n) {
      float* h = cache.noisy.row(n);
      const float* s = cache.deviation.row(n);
      kernels().softplus(experts, static_cast<float>(config.noise_epsilon), cache.raw.row(n), cache.deviation.row(n));
      std::copy_n(cache.clean.row(n), experts, h);
      if (!drawn) continue;
      pass.draw(n, 0, experts, cache.draws.row(n));
      for (Index i = 0; i < experts; ++i) h[i] += cache.draws(n, i) * s[i];
    }
  });
}

/// The thresholds of a row: kth_excluding is the (k+1)-th greatest for the chosen, the k-th for the others. The bias,
/// which only moves the choice, counts on both sides.
class Thresholds {
 public:
  Thresholds(const GateConfig& config, const GateParameters& p, const GateCache& cache, Index row)
      : p_(p), order_(cache.order.data() + row * (config.k + 1), static_cast<std::size_t>(config.k) + 1) {
    const float* h = cache.noisy.row(row);
    kth_ = static_cast<double>(h[order_[order_.size() - 2]]) + bias(order_[order_.size() - 2]);
    next_ = static_cast<double>(h[order_.back()]) + bias(order_.back());
  }

  /// What moves u_i up moves the H that is the threshold of i down: takes f_i from the gradient of its holder.
  void add_to_holders(std::span<const float> f, std::span<double> dh) const {
    const std::size_t kth = chosen_at(order_.size() - 2), next = chosen_at(order_.size() - 1);
    double all = 0, of_chosen = 0;
    for (const float value : f) all += static_cast<double>(value);
    for (std::size_t i = 0; i + 1 < order_.size(); ++i) of_chosen += static_cast<double>(f[chosen_at(i)]);
    dh[kth] -= all - of_chosen;
    dh[next] -= of_chosen;
  }
  /// u_i = (x W_g - kth_excluding(H(x), k, i)) / s_i of every expert, the bias of i counted in (equation 9).
  void distances(const GateCache& cache, Index row, std::span<float> u) const {
    const float *clean = cache.clean.row(row), *s = cache.deviation.row(row);
    const auto kth = static_cast<float>(kth_), next = static_cast<float>(next_);
    for (std::size_t i = 0; i < u.size(); ++i) u[i] = (clean[i] - kth) / s[i];
    for (std::size_t i = 0; i + 1 < order_.size(); ++i)
      u[chosen_at(i)] = (clean[chosen_at(i)] - next) / s[chosen_at(i)];
    if (!p_.bias.empty())
      for (std::size_t i = 0; i < u.size(); ++i) u[i] += p_.bias.data()[i] / s[i];
  }

 private:
  std::size_t chosen_at(std::size_t place) const { return static_cast<std::size_t>(order_[place]); }
  double bias(Index i) const { return p_.bias.empty() ? 0.0 : static_cast<double>(p_.bias.data()[i]); }

  const GateParameters& p_;
  std::span<const std::int32_t> order_;
  double kth_ = 0, next_ = 0;
};

}  // namespace

void noisy_top_k_forward(Context& context, const GateConfig& config, const GateParameters& p, const GatePass& pass,
                         GateCache& cache, Routing& routing) {
  add_noise(context, config, pass, cache);
  choose_top_k(context, config, p, cache, routing);
  routing.count_pairs();
  if (!config.smooth_load()) return;
  // Sums of each task, added up in order, so that the load does not depend on the threads.
  std::vector<std::vector<double>> partial(static_cast<std::size_t>((routing.rows + kRowsPerTask - 1) / kRowsPerTask));
  context.parallel_ranges(routing.rows, kRowsPerTask, [&](Index begin, Index end) {
    std::vector<double>& load = partial[static_cast<std::size_t>(begin / kRowsPerTask)];
    load.assign(static_cast<std::size_t>(config.experts), 0.0);
    std::vector<float> u(load.size());
    for (Index n = begin; n < end; ++n) {
      Thresholds(config, p, cache, n).distances(cache, n, u);
      kernels().normal_cdf(config.experts, u.data(), u.data());
      for (std::size_t i = 0; i < u.size(); ++i) load[i] += static_cast<double>(u[i]);
    }
  });
  std::fill(routing.sums.load.begin(), routing.sums.load.end(), 0.0);
  for (const std::vector<double>& load : partial)
    for (std::size_t i = 0; i < load.size(); ++i) routing.sums.load[i] += load[i];
}

void noisy_top_k_backward(Context& context, const GateConfig& config, const GateParameters& p, const Routing& routing,
                          const RoutingGradient& gradient, GateCache& cache) {
  const auto experts = static_cast<std::size_t>(config.experts);
  cache.draw.reshape(routing.rows, config.experts);
  std::vector<float> scaled_load(config.smooth_load() ? experts : 0);
  for (std::size_t i = 0; i < scaled_load.size(); ++i)
    scaled_load[i] = static_cast<float>(gradient.load[i] / std::sqrt(2 * std::numbers::pi));
  context.parallel_ranges(routing.rows, kRowsPerTask, [&](Index begin, Index end) {
    std::vector<double> dh(experts);
    std::vector<float> u(experts), density(experts);
    for (Index n = begin; n < end; ++n) {
      std::fill(dh.begin(), dh.end(), 0.0);
      add_top_k_gradient(routing, gradient, n, dh);
      float *dclean = cache.dclean.row(n), *draw = cache.draw.row(n);
      std::fill_n(dclean, experts, 0.0f);
      std::fill_n(draw, experts, 0.0f);
      if (config.smooth_load()) {
        const Thresholds thresholds(config, p, cache, n);
        thresholds.distances(cache, n, u);
        for (std::size_t i = 0; i < experts; ++i) density[i] = -0.5f * u[i] * u[i];
        kernels().exp_sum(config.experts, 0.0f, density.data(), density.data());
        for (std::size_t i = 0; i < experts; ++i) {
          // f = d loss / d u_i divided by s_i; phi(u) = e^(-u^2/2) / sqrt(2 pi).
          const float f = scaled_load[i] * density[i] / cache.deviation(n, static_cast<Index>(i));
          dclean[i] = f;
          draw[i] = -f * u[i];
        }
        thresholds.add_to_holders(std::span(dclean, experts), dh);
      }
      kernels().sigmoid(config.experts, cache.raw.row(n), u.data());
      for (std::size_t i = 0; i < experts; ++i) {
        const double z = cache.draws.empty() ? 0.0 : static_cast<double>(cache.draws(n, static_cast<Index>(i)));
        dclean[i] += static_cast<float>(dh[i]);
        draw[i] = static_cast<float>((static_cast<double>(draw[i]) + dh[i] * z) * static_cast<double>(u[i]));
      }
    }
  });
}

}  // namespace moelm
