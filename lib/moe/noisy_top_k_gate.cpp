#include "moe/noisy_top_k_gate.hpp"

#include <algorithm>

#include "moe/normal.hpp"
#include "moe/top_k_gate.hpp"

namespace moelm {

namespace {

constexpr Index kRowsOfATask = 64;

/// The standard deviation s of the noise on expert i of a row.
double deviation(const GateConfig& config, const GateCache& cache, Index row, Index i) {
  return softplus(cache.raw(row, i)) + config.noise_epsilon;
}

void add_noise(Context& context, const GateConfig& config, const GatePass& pass, GateCache& cache) {
  const Index rows = cache.clean.rows(), experts = config.experts;
  const bool drawn = pass.training && pass.draw;
  cache.noisy.reshape(rows, experts);
  cache.draws.reshape(drawn ? rows : 0, drawn ? experts : 0);
  context.parallel_ranges(rows, kRowsOfATask, [&](Index begin, Index end) {
    for (Index n = begin; n < end; ++n) {
      float* h = cache.noisy.row(n);
      std::copy_n(cache.clean.row(n), experts, h);
      if (!drawn) continue;
      pass.draw(n, 0, experts, cache.draws.row(n));
      for (Index i = 0; i < experts; ++i)
        h[i] += cache.draws(n, i) * static_cast<float>(deviation(config, cache, n, i));
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

  /// The expert whose H is the threshold of expert i.
  std::int32_t holder(Index i) const { return chosen(i) ? order_.back() : order_[order_.size() - 2]; }
  /// kth_excluding(H(x), k, i), less the bias of i.
  double of(Index i) const { return (chosen(i) ? next_ : kth_) - bias(i); }

 private:
  bool chosen(Index i) const { return std::find(order_.begin(), order_.end() - 1, i) != order_.end() - 1; }
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
  std::vector<std::vector<double>> partial(static_cast<std::size_t>((routing.rows + kRowsOfATask - 1) / kRowsOfATask));
  context.parallel_ranges(routing.rows, kRowsOfATask, [&](Index begin, Index end) {
    std::vector<double>& load = partial[static_cast<std::size_t>(begin / kRowsOfATask)];
    load.assign(static_cast<std::size_t>(config.experts), 0.0);
    for (Index n = begin; n < end; ++n) {
      const Thresholds thresholds(config, p, cache, n);
      for (Index i = 0; i < config.experts; ++i)
        load[static_cast<std::size_t>(i)] +=
            normal_cdf((static_cast<double>(cache.clean(n, i)) - thresholds.of(i)) / deviation(config, cache, n, i));
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
  context.parallel_ranges(routing.rows, kRowsOfATask, [&](Index begin, Index end) {
    std::vector<double> dh(experts), dc(experts), ds(experts);
    for (Index n = begin; n < end; ++n) {
      for (auto* values : {&dh, &dc, &ds}) std::fill(values->begin(), values->end(), 0.0);
      add_top_k_gradient(routing, gradient, n, dh);
      if (config.smooth_load()) {
        const Thresholds thresholds(config, p, cache, n);
        for (std::size_t i = 0; i < experts; ++i) {
          const auto e = static_cast<Index>(i);
          const double s = deviation(config, cache, n, e);
          const double u = (static_cast<double>(cache.clean(n, e)) - thresholds.of(e)) / s;
          const double f = gradient.load[i] * normal_pdf(u) / s;
          dc[i] += f;
          ds[i] -= f * u;
          dh[static_cast<std::size_t>(thresholds.holder(e))] -= f;
        }
      }
      for (std::size_t i = 0; i < experts; ++i) {
        const auto e = static_cast<Index>(i);
        const double z = cache.draws.empty() ? 0.0 : static_cast<double>(cache.draws(n, e));
        cache.dclean(n, e) = static_cast<float>(dc[i] + dh[i]);
        cache.draw(n, e) = static_cast<float>((ds[i] + dh[i] * z) * logistic(cache.raw(n, e)));
      }
    }
  });
}

}  // namespace moelm
