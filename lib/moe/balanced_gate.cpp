#include "moe/balanced_gate.hpp"

#include <algorithm>
#include <numeric>

#include "moe/softmax_gate.hpp"
#include "ops/rows.hpp"

namespace moelm {

namespace {

using Mask = std::vector<std::uint8_t>;  // [N, E]

/// Equation 18: the best m rows of every expert, ties to the lower row.
Mask mask_of_batch(Context& context, const GateConfig& config, const Matrix& score) {
  const Index rows = score.rows(), experts = config.experts, m = rows_of_an_expert(config, rows);
  Mask mask(static_cast<std::size_t>(rows * experts), 0);
  context.parallel_for(experts, [&](Index i) {
    std::vector<Index> best(static_cast<std::size_t>(rows));
    std::iota(best.begin(), best.end(), Index{0});
    const auto before = [&](Index a, Index b) {
      return score(a, i) != score(b, i) ? score(a, i) > score(b, i) : a < b;
    };
    std::nth_element(best.begin(), best.begin() + (m - 1), best.end(), before);
    for (Index j = 0; j < m; ++j) mask[static_cast<std::size_t>(best[static_cast<std::size_t>(j)] * experts + i)] = 1;
  });
  return mask;
}

/// Equation 19.
Mask mask_of_thresholds(const Matrix& score, const Matrix& thresholds) {
  Mask mask(static_cast<std::size_t>(score.size()));
  for (Index n = 0; n < score.rows(); ++n)
    for (Index i = 0; i < score.cols(); ++i)
      mask[static_cast<std::size_t>(n * score.cols() + i)] = score(n, i) > thresholds(0, i) ? 1 : 0;
  return mask;
}

/// Equation 16 over the pairs that the mask admits.
void route_masked(const Matrix& score, const Mask& mask, Routing& routing) {
  routing.shape(score.rows(), score.cols(), 0);
  for (Index n = 0; n < score.rows(); ++n) {
    double sum = 0;
    for (Index i = 0; i < score.cols(); ++i)
      if (mask[static_cast<std::size_t>(n * score.cols() + i)] != 0) {
        routing.expert.push_back(static_cast<std::int32_t>(i));
        sum += static_cast<double>(score(n, i));
      }
    for (std::size_t p = routing.first_pair(n); p < routing.expert.size(); ++p)
      routing.gate.push_back(sum > 0 ? static_cast<float>(static_cast<double>(score(n, routing.expert[p])) / sum)
                                     : 0.0f);
    routing.begin[static_cast<std::size_t>(n) + 1] = routing.pairs();
  }
}

/// Equation 20 and its gradient: minus the number of rows that the thresholds admit beyond those of the batch.
void compare_masks(const GateParameters& p, const Mask& by_batch, GateCache& cache, RoutingSums& sums) {
  const Mask by_threshold = mask_of_thresholds(cache.softmax, p.thresholds);
  cache.dthresholds.assign(static_cast<std::size_t>(cache.softmax.cols()), 0.0);
  for (Index n = 0; n < cache.softmax.rows(); ++n)
    for (Index i = 0; i < cache.softmax.cols(); ++i) {
      const auto cell = static_cast<std::size_t>(n * cache.softmax.cols() + i);
      const int beyond = int{by_threshold[cell]} - int{by_batch[cell]};
      if (beyond == 0) continue;
      sums.threshold_loss +=
          beyond * (static_cast<double>(cache.softmax(n, i)) - static_cast<double>(p.thresholds(0, i)));
      cache.dthresholds[static_cast<std::size_t>(i)] -= beyond;
    }
}

}  // namespace

Index rows_of_an_expert(const GateConfig& config, Index rows) {
  return std::max<Index>(1, config.k * rows / config.experts);
}

void balanced_gate_forward(Context& context, const GateConfig& config, const GateParameters& p, const GatePass& pass,
                           GateCache& cache, Routing& routing) {
  softmax_of_logits(context, cache);
  if (!pass.training) {
    route_masked(cache.softmax, mask_of_thresholds(cache.softmax, p.thresholds), routing);
    routing.count_pairs();
    return;
  }
  const Mask mask = mask_of_batch(context, config, cache.softmax);
  route_masked(cache.softmax, mask, routing);
  routing.count_pairs();
  compare_masks(p, mask, cache, routing.sums);
}

void balanced_gate_backward(Context& context, const Routing& routing, const RoutingGradient& gradient, GateCache& cache,
                            GateParameters& gradients) {
  context.parallel_ranges(routing.rows, kRowsPerTask, [&](Index begin, Index end) {
    std::vector<double> d(static_cast<std::size_t>(routing.experts));
    for (Index n = begin; n < end; ++n) {
      std::fill(d.begin(), d.end(), 0.0);
      const auto experts = routing.experts_of(n);
      const auto gates = routing.gates_of(n);
      const float* given = gradient.gate.data() + routing.first_pair(n);
      double mean = 0, sum = 0;
      for (std::size_t j = 0; j < experts.size(); ++j) {
        const auto e = static_cast<std::size_t>(experts[j]);
        d[e] = static_cast<double>(given[j]) + gradient.importance[e];
        mean += static_cast<double>(gates[j]) * d[e];
        sum += static_cast<double>(cache.softmax(n, experts[j]));
      }
      for (const std::int32_t e : experts) {
        double& of_score = d[static_cast<std::size_t>(e)];
        of_score = sum > 0 ? (of_score - mean) / sum : 0.0;
      }
      softmax_logit_gradient(cache.softmax.row(n), d);
      std::copy(d.begin(), d.end(), cache.dclean_logits.row(n));
    }
  });
  for (std::size_t i = 0; i < cache.dthresholds.size(); ++i)
    gradients.thresholds.data()[i] += static_cast<float>(cache.dthresholds[i]);
}

}  // namespace moelm
