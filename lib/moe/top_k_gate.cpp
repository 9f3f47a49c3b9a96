#include "moe/top_k_gate.hpp"

#include <algorithm>
#include <cmath>

#include "base/check.hpp"
#include "ops/rows.hpp"
#include "ops/topk.hpp"

namespace moelm {

void softmax_of_chosen(const float* h, std::span<const std::int32_t> chosen, float* gates) {
  float largest = h[chosen[0]];
  for (const std::int32_t e : chosen) largest = std::max(largest, h[e]);
  double sum = 0;
  for (const std::int32_t e : chosen) sum += std::exp(static_cast<double>(h[e]) - static_cast<double>(largest));
  for (std::size_t j = 0; j < chosen.size(); ++j)
    gates[j] = static_cast<float>(std::exp(static_cast<double>(h[chosen[j]]) - static_cast<double>(largest)) / sum);
}

void choose_top_k(Context& context, const GateConfig& config, const GateParameters& p, GateCache& cache,
                  Routing& routing, GatesOfChosen gates_of_chosen) {
  const Index rows = cache.noisy_logits.rows(), experts = config.experts, k = config.k, kept = std::min(k + 1, experts);
  ensure(k >= 1 && k <= experts, "1 <= k <= E");
  routing.shape(rows, experts, k);
  cache.top_k.resize(static_cast<std::size_t>(rows * kept));
  context.parallel_ranges(rows, kRowsPerTask, [&](Index begin, Index end) {
    std::vector<float> biased(p.bias.empty() ? 0 : static_cast<std::size_t>(experts));
    for (Index n = begin; n < end; ++n) {
      const std::span<std::int32_t> order(cache.top_k.data() + n * kept, static_cast<std::size_t>(kept));
      for (std::size_t e = 0; e < biased.size(); ++e) biased[e] = cache.noisy_logits.row(n)[e] + p.bias.data()[e];
      top_k(biased.empty() ? std::span<const float>(cache.noisy_logits.view().row_span(n)) : biased, order);
      const auto chosen = order.first(static_cast<std::size_t>(k));
      std::copy(chosen.begin(), chosen.end(), routing.expert.begin() + n * k);
      gates_of_chosen(cache.noisy_logits.row(n), chosen, routing.gate.data() + n * k);
    }
  });
}

void top_k_forward(Context& context, const GateConfig& config, const GateParameters& p, GateCache& cache,
                   Routing& routing) {
  copy_rows(context, cache.clean_logits, cache.noisy_logits);
  choose_top_k(context, config, p, cache, routing);
  routing.count_pairs();
}

void add_top_k_gradient(const Routing& routing, const RoutingGradient& gradient, Index row, std::span<double> dh) {
  const auto experts = routing.experts_of(row);
  const auto gates = routing.gates_of(row);
  const float* given = gradient.gate.data() + routing.first_pair(row);
  const auto dgate = [&](std::size_t j) {
    return static_cast<double>(given[j]) + gradient.importance[static_cast<std::size_t>(experts[j])];
  };
  double mean = 0;
  for (std::size_t j = 0; j < experts.size(); ++j) mean += static_cast<double>(gates[j]) * dgate(j);
  for (std::size_t j = 0; j < experts.size(); ++j)
    dh[static_cast<std::size_t>(experts[j])] += static_cast<double>(gates[j]) * (dgate(j) - mean);
}

void top_k_backward(Context& context, const Routing& routing, const RoutingGradient& gradient, GateCache& cache) {
  context.parallel_ranges(routing.rows, kRowsPerTask, [&](Index begin, Index end) {
    std::vector<double> dh(static_cast<std::size_t>(routing.experts));
    for (Index n = begin; n < end; ++n) {
      std::fill(dh.begin(), dh.end(), 0.0);
      add_top_k_gradient(routing, gradient, n, dh);
      std::copy(dh.begin(), dh.end(), cache.dclean_logits.row(n));
    }
  });
}

}  // namespace moelm
