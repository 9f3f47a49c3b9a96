#include "moe/gate.hpp"

#include <algorithm>
#include <cmath>

#include "base/check.hpp"
#include "moe/normal.hpp"
#include "ops/kernels.hpp"
#include "ops/topk.hpp"

namespace moelm {

namespace {

constexpr Index kRowsOfATask = 64;

/// Sums over the rows of one task; tasks are added up in order, so the totals do not depend on the threads.
struct PartialSums {
  std::vector<double> importance, load;
};

/// H(x) of one row: the clean logits, plus noise where it is drawn.
void noisy_logits(const MoeConfig& config, const GateCache& cache, Index row, float* h) {
  const Index experts = cache.clean.cols();
  std::copy_n(cache.clean.row(row), experts, h);
  if (cache.draws.empty()) return;
  for (Index i = 0; i < experts; ++i)
    h[i] += cache.draws(row, i) * static_cast<float>(softplus(cache.raw(row, i)) + config.noise_epsilon);
}

/// Softmax over the chosen logits (equation 3); the first is the greatest.
void softmax_of_chosen(const float* h, std::span<const std::int32_t> chosen, float* gates) {
  double sum = 0;
  for (const std::int32_t e : chosen) sum += std::exp(static_cast<double>(h[e]) - static_cast<double>(h[chosen[0]]));
  for (std::size_t j = 0; j < chosen.size(); ++j)
    gates[j] =
        static_cast<float>(std::exp(static_cast<double>(h[chosen[j]]) - static_cast<double>(h[chosen[0]])) / sum);
}

/// Adds P(x, i) of one row to the load (equations 8 to 10).
void add_smooth_load(const MoeConfig& config, const GateCache& cache, Index row, std::span<const std::int32_t> order,
                     std::vector<double>& load) {
  const float* h = cache.noisy.row(row);
  const auto k = static_cast<std::size_t>(config.k);
  const double kth = h[order[k - 1]], next = h[order[k]];
  const auto chosen = order.first(k);
  for (Index i = 0; i < cache.clean.cols(); ++i) {
    const bool in = std::find(chosen.begin(), chosen.end(), i) != chosen.end();
    const double deviation = softplus(cache.raw(row, i)) + config.noise_epsilon;
    load[static_cast<std::size_t>(i)] += normal_cdf((cache.clean(row, i) - (in ? next : kth)) / deviation);
  }
}

}  // namespace

bool smooth_load(const MoeConfig& config, const GateParameters& parameters) {
  return parameters.noisy() && config.k < config.experts;
}

void gate_forward(Context& context, const MoeConfig& config, const GateParameters& p, ConstMatrixView x,
                  GateCache& cache, Routing& routing) {
  const Index rows = x.rows, experts = config.experts, k = config.k, kept = std::min(k + 1, experts);
  ensure(k >= 1 && k <= experts, "1 <= k <= E");
  ensure(cache.draws.empty() || cache.draws.rows() == rows, "one draw a row and expert");
  const bool smooth = smooth_load(config, p);
  cache.clean.reshape(rows, experts);
  cache.noisy.reshape(rows, experts);
  cache.order.resize(static_cast<std::size_t>(rows * kept));
  cache.w_gate.pack(p.weight, Transpose::yes);
  multiply(context, x, cache.w_gate, 0.0f, cache.clean);
  if (p.noisy()) {
    cache.raw.reshape(rows, experts);
    cache.w_noise.pack(p.noise, Transpose::yes);
    multiply(context, x, cache.w_noise, 0.0f, cache.raw);
  }
  routing.rows = rows;
  routing.experts = experts;
  routing.k = k;
  routing.expert.resize(static_cast<std::size_t>(rows * k));
  routing.gate.resize(static_cast<std::size_t>(rows * k));

  std::vector<PartialSums> partial(static_cast<std::size_t>((rows + kRowsOfATask - 1) / kRowsOfATask));
  context.parallel_ranges(rows, kRowsOfATask, [&](Index begin, Index end) {
    PartialSums& sums = partial[static_cast<std::size_t>(begin / kRowsOfATask)];
    sums.importance.assign(static_cast<std::size_t>(experts), 0.0);
    sums.load.assign(static_cast<std::size_t>(experts), 0.0);
    for (Index n = begin; n < end; ++n) {
      noisy_logits(config, cache, n, cache.noisy.row(n));
      const std::span<std::int32_t> order(cache.order.data() + n * kept, static_cast<std::size_t>(kept));
      top_k(cache.noisy.view().row_span(n), order);
      const auto chosen = order.first(static_cast<std::size_t>(k));
      float* gates = routing.gate.data() + n * k;
      softmax_of_chosen(cache.noisy.row(n), chosen, gates);
      std::copy(chosen.begin(), chosen.end(), routing.expert.begin() + n * k);
      for (std::size_t j = 0; j < chosen.size(); ++j) {
        sums.importance[static_cast<std::size_t>(chosen[j])] += static_cast<double>(gates[j]);
        if (!smooth) sums.load[static_cast<std::size_t>(chosen[j])] += 1;
      }
      if (smooth) add_smooth_load(config, cache, n, order, sums.load);
    }
  });

  routing.importance.assign(static_cast<std::size_t>(experts), 0.0);
  routing.load.assign(static_cast<std::size_t>(experts), 0.0);
  routing.tokens.assign(static_cast<std::size_t>(experts), 0);
  for (const PartialSums& sums : partial)
    for (std::size_t i = 0; i < routing.load.size(); ++i) {
      routing.importance[i] += sums.importance[i];
      routing.load[i] += sums.load[i];
    }
  for (const std::int32_t e : routing.expert) ++routing.tokens[static_cast<std::size_t>(e)];
}

}  // namespace moelm
