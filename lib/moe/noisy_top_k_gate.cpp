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
  const Index rows = cache.clean_logits.rows(), experts = config.experts;
  const bool drawn = pass.training && pass.sample_noise;
  cache.noisy_logits.reshape(rows, experts);
  cache.noise_stddev.reshape(rows, experts);
  cache.noise.reshape(drawn ? rows : 0, drawn ? experts : 0);
  context.parallel_ranges(rows, kRowsPerTask, [&](Index begin, Index end) {
    for (Index n = begin; n < end; ++n) {
      float* h = cache.noisy_logits.row(n);
      const float* s = cache.noise_stddev.row(n);
      kernels().softplus(experts, static_cast<float>(config.noise_epsilon), cache.noise_logits.row(n),
                         cache.noise_stddev.row(n));
      std::copy_n(cache.clean_logits.row(n), experts, h);
      if (!drawn) continue;
      pass.sample_noise(n, 0, experts, cache.noise.row(n));
      for (Index i = 0; i < experts; ++i) h[i] += cache.noise(n, i) * s[i];
    }
  });
}

/// kth_excluding(H(x), k, i) of a row, for every expert i: the (k+1)-th largest logit if i is chosen, else the k-th
/// (equation 9). The bias changes only the choice, so it is added on both sides of the comparison.
class KthExcluding {
 public:
  KthExcluding(const GateConfig& config, const GateParameters& p, const GateCache& cache, Index row)
      : p_(p), top_k_(cache.top_k.data() + row * (config.k + 1), static_cast<std::size_t>(config.k) + 1) {
    const float* h = cache.noisy_logits.row(row);
    kth_ = static_cast<double>(h[top_k_[top_k_.size() - 2]]) + bias(top_k_[top_k_.size() - 2]);
    next_ = static_cast<double>(h[top_k_.back()]) + bias(top_k_.back());
  }

  /// u_i contains -kth_excluding(i), so subtracts f_i from the gradient of the logit that is the threshold of i.
  void add_backward(std::span<const float> f, std::span<double> dh) const {
    const std::size_t kth = expert_at(top_k_.size() - 2), next = expert_at(top_k_.size() - 1);
    double sum = 0, chosen_sum = 0;
    for (const float value : f) sum += static_cast<double>(value);
    for (std::size_t i = 0; i + 1 < top_k_.size(); ++i) chosen_sum += static_cast<double>(f[expert_at(i)]);
    dh[kth] -= sum - chosen_sum;
    dh[next] -= chosen_sum;
  }

  /// u_i = ((x W_g)_i + bias_i - kth_excluding(H(x), k, i)) / s_i for every expert i (equation 9).
  void distances(const GateCache& cache, Index row, std::span<float> u) const {
    const float *clean = cache.clean_logits.row(row), *s = cache.noise_stddev.row(row);
    const auto kth = static_cast<float>(kth_), next = static_cast<float>(next_);
    for (std::size_t i = 0; i < u.size(); ++i) u[i] = (clean[i] - kth) / s[i];
    for (std::size_t i = 0; i + 1 < top_k_.size(); ++i)
      u[expert_at(i)] = (clean[expert_at(i)] - next) / s[expert_at(i)];
    if (!p_.bias.empty())
      for (std::size_t i = 0; i < u.size(); ++i) u[i] += p_.bias.data()[i] / s[i];
  }

 private:
  std::size_t expert_at(std::size_t place) const { return static_cast<std::size_t>(top_k_[place]); }
  double bias(Index i) const { return p_.bias.empty() ? 0.0 : static_cast<double>(p_.bias.data()[i]); }

  const GateParameters& p_;
  std::span<const std::int32_t> top_k_;
  double kth_ = 0, next_ = 0;
};

/// Whether fewer than k clean logits are greater than that of `expert`. Ties go to the lower number, as in top_k.
bool clean_logits_choose(const GateConfig& config, const GateParameters& p, const GateCache& cache, Index row,
                         std::int32_t expert) {
  const auto logit = [&](Index i) { return cache.clean_logits(row, i) + (p.bias.empty() ? 0.0f : p.bias.data()[i]); };
  const float own = logit(expert);
  Index greater = 0;
  for (Index i = 0; i < config.experts; ++i) greater += logit(i) > own || (logit(i) == own && i < expert) ? 1 : 0;
  return greater < config.k;
}

/// How often the noise changed the choice.
void compare_with_clean_choice(Context& context, const GateConfig& config, const GateParameters& p, GateCache& cache,
                               Routing& routing) {
  cache.clean_choice.assign(cache.noise.empty() ? 0 : routing.expert.size(), 0);
  if (cache.clean_choice.empty()) return;
  context.parallel_ranges(routing.rows, kRowsPerTask, [&](Index begin, Index end) {
    for (Index n = begin; n < end; ++n)
      for (std::size_t pair = routing.first_pair(n); pair < routing.first_pair(n + 1); ++pair)
        cache.clean_choice[pair] = clean_logits_choose(config, p, cache, n, routing.expert[pair]) ? 1 : 0;
  });
  routing.sums.noisy_pairs = routing.pairs();
  routing.sums.clean_pairs = std::count(cache.clean_choice.begin(), cache.clean_choice.end(), 1);
}

}  // namespace

void noisy_top_k_forward(Context& context, const GateConfig& config, const GateParameters& p, const GatePass& pass,
                         GateCache& cache, Routing& routing) {
  add_noise(context, config, pass, cache);
  choose_top_k(context, config, p, cache, routing);
  routing.count_pairs();
  compare_with_clean_choice(context, config, p, cache, routing);
  if (!config.smooth_load()) return;
  // One partial sum per task, added in task order, so the load does not depend on the number of threads.
  std::vector<std::vector<double>> partial(static_cast<std::size_t>((routing.rows + kRowsPerTask - 1) / kRowsPerTask));
  context.parallel_ranges(routing.rows, kRowsPerTask, [&](Index begin, Index end) {
    std::vector<double>& load = partial[static_cast<std::size_t>(begin / kRowsPerTask)];
    load.assign(static_cast<std::size_t>(config.experts), 0.0);
    std::vector<float> u(load.size());
    for (Index n = begin; n < end; ++n) {
      KthExcluding(config, p, cache, n).distances(cache, n, u);
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
  cache.dnoise_logits.reshape(routing.rows, config.experts);
  std::vector<float> scaled_load(config.smooth_load() ? experts : 0);
  for (std::size_t i = 0; i < scaled_load.size(); ++i)
    scaled_load[i] = static_cast<float>(gradient.load[i] / std::sqrt(2 * std::numbers::pi));
  context.parallel_ranges(routing.rows, kRowsPerTask, [&](Index begin, Index end) {
    std::vector<double> dh(experts);
    std::vector<float> u(experts), density(experts);
    for (Index n = begin; n < end; ++n) {
      std::fill(dh.begin(), dh.end(), 0.0);
      add_top_k_gradient(routing, gradient, n, dh);
      float *dclean = cache.dclean_logits.row(n), *dnoise = cache.dnoise_logits.row(n);
      std::fill_n(dclean, experts, 0.0f);
      std::fill_n(dnoise, experts, 0.0f);
      if (config.smooth_load()) {
        const KthExcluding kth_excluding(config, p, cache, n);
        kth_excluding.distances(cache, n, u);
        for (std::size_t i = 0; i < experts; ++i) density[i] = -0.5f * u[i] * u[i];
        kernels().exp_sum(config.experts, 0.0f, density.data(), density.data());
        for (std::size_t i = 0; i < experts; ++i) {
          // f_i = dL/dLoad_i phi(u_i) / s_i with phi(u) = e^(-u^2/2) / sqrt(2 pi).
          const float f = scaled_load[i] * density[i] / cache.noise_stddev(n, static_cast<Index>(i));
          dclean[i] = f;
          dnoise[i] = -f * u[i];
        }
        kth_excluding.add_backward(std::span(dclean, experts), dh);
      }
      kernels().sigmoid(config.experts, cache.noise_logits.row(n), u.data());
      for (std::size_t i = 0; i < experts; ++i) {
        const double z = cache.noise.empty() ? 0.0 : static_cast<double>(cache.noise(n, static_cast<Index>(i)));
        dclean[i] += static_cast<float>(dh[i]);
        dnoise[i] = static_cast<float>((static_cast<double>(dnoise[i]) + dh[i] * z) * static_cast<double>(u[i]));
      }
    }
  });
}

}  // namespace moelm
