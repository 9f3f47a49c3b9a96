#include "moe/sigmoid_gate.hpp"

#include <algorithm>
#include <cmath>

#include "moe/top_k_gate.hpp"
#include "ops/rows.hpp"

namespace moelm {

namespace {

void sigmoid_of_chosen(const float* h, std::span<const std::int32_t> chosen, float* gates) {
  for (std::size_t j = 0; j < chosen.size(); ++j)
    gates[j] = static_cast<float>(1 / (1 + std::exp(-static_cast<double>(h[chosen[j]]))));
}

}  // namespace

void sigmoid_gate_forward(Context& context, const GateConfig& config, const GateParameters& p, GateCache& cache,
                          Routing& routing) {
  copy_rows(context, cache.clean_logits, cache.noisy_logits);
  choose_top_k(context, config, p, cache, routing, sigmoid_of_chosen);
  routing.count_pairs();
}

void sigmoid_gate_backward(Context& context, const Routing& routing, const RoutingGradient& gradient,
                           GateCache& cache) {
  context.parallel_ranges(routing.rows, kRowsPerTask, [&](Index begin, Index end) {
    for (Index n = begin; n < end; ++n) {
      float* dlogits = cache.dclean_logits.row(n);
      std::fill_n(dlogits, routing.experts, 0.0f);
      for (std::size_t p = routing.first_pair(n); p < routing.first_pair(n + 1); ++p) {
        const auto expert = static_cast<std::size_t>(routing.expert[p]);
        const auto gate = static_cast<double>(routing.gate[p]);
        const double dgate = static_cast<double>(gradient.gate[p]) + gradient.importance[expert];
        dlogits[expert] = static_cast<float>(gate * (1 - gate) * dgate);
      }
    }
  });
}

}  // namespace moelm
