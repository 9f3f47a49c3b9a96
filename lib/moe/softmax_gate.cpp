#include "moe/softmax_gate.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "ops/rows.hpp"

namespace moelm {

void softmax_of_logits(Context& context, GateCache& cache) {
  const Index rows = cache.clean_logits.rows(), experts = cache.clean_logits.cols();
  cache.softmax.reshape(rows, experts);
  cache.log_sum_exp.resize(static_cast<std::size_t>(rows));
  context.parallel_ranges(rows, kRowsPerTask, [&](Index begin, Index end) {
    for (Index n = begin; n < end; ++n) {
      const float* c = cache.clean_logits.row(n);
      const double largest = static_cast<double>(*std::max_element(c, c + experts));
      double sum = 0;
      for (Index i = 0; i < experts; ++i) sum += std::exp(static_cast<double>(c[i]) - largest);
      for (Index i = 0; i < experts; ++i)
        cache.softmax(n, i) = static_cast<float>(std::exp(static_cast<double>(c[i]) - largest) / sum);
      cache.log_sum_exp[static_cast<std::size_t>(n)] = largest + std::log(sum);
    }
  });
}

void softmax_logit_gradient(const float* softmax, std::span<double> d) {
  double mean = 0;
  for (std::size_t i = 0; i < d.size(); ++i) mean += static_cast<double>(softmax[i]) * d[i];
  for (std::size_t i = 0; i < d.size(); ++i) d[i] = static_cast<double>(softmax[i]) * (d[i] - mean);
}

void softmax_gate_forward(Context& context, const GateConfig& config, GateCache& cache, Routing& routing) {
  softmax_of_logits(context, cache);
  routing.shape(cache.softmax.rows(), config.experts, config.experts);
  std::copy_n(cache.softmax.data(), cache.softmax.size(), routing.gate.begin());
  for (Index n = 0; n < routing.rows; ++n)
    std::iota(routing.expert.begin() + n * config.experts, routing.expert.begin() + (n + 1) * config.experts, 0);
  routing.count_pairs();
}

void softmax_gate_backward(Context& context, const Routing& routing, const RoutingGradient& gradient,
                           GateCache& cache) {
  context.parallel_ranges(routing.rows, kRowsPerTask, [&](Index begin, Index end) {
    std::vector<double> d(static_cast<std::size_t>(routing.experts));
    for (Index n = begin; n < end; ++n) {
      const float* dgate = gradient.gate.data() + n * routing.experts;
      for (std::size_t i = 0; i < d.size(); ++i) d[i] = static_cast<double>(dgate[i]) + gradient.importance[i];
      softmax_logit_gradient(cache.softmax.row(n), d);
      std::copy(d.begin(), d.end(), cache.dclean_logits.row(n));
    }
  });
}

}  // namespace moelm
