#include "moe/auxiliary_losses.hpp"

#include <algorithm>

#include "moe/softmax_gate.hpp"

namespace moelm {

namespace {

/// Pairs of all rows.
double pairs_of(const RoutingSums& sums) {
  double pairs = 0;
  for (const Index tokens : sums.tokens) pairs += static_cast<double>(tokens);
  return std::max(pairs, 1.0);
}

}  // namespace

bool has_auxiliary_losses(const MoeConfig& config) {
  return config.has_gate() && (config.w_switch > 0 || config.w_z > 0);
}

void sum_auxiliary(Context& context, GateCache& cache, RoutingSums& sums) {
  softmax_of_logits(context, cache);
  sums.probability.assign(static_cast<std::size_t>(cache.clean_logits.cols()), 0.0);
  sums.z = 0;
  for (Index n = 0; n < cache.clean_logits.rows(); ++n) {
    const double z = cache.log_sum_exp[static_cast<std::size_t>(n)];
    sums.z += z * z;
    for (std::size_t i = 0; i < sums.probability.size(); ++i)
      sums.probability[i] += static_cast<double>(cache.softmax(n, static_cast<Index>(i)));
  }
}

double switch_loss(const MoeConfig& config, const RoutingSums& sums) {
  if (config.w_switch <= 0 || sums.rows == 0) return 0;
  double loss = 0;
  for (std::size_t i = 0; i < sums.probability.size(); ++i)
    loss += static_cast<double>(sums.tokens[i]) / pairs_of(sums) * sums.probability[i] / static_cast<double>(sums.rows);
  return config.w_switch * static_cast<double>(config.experts) * loss;
}

double z_loss(const MoeConfig& config, const RoutingSums& sums) {
  return config.w_z > 0 && sums.rows > 0 ? config.w_z * sums.z / static_cast<double>(sums.rows) : 0;
}

LogitGradient auxiliary_gradient(const MoeConfig& config, const RoutingSums& sums, const GateCache& cache) {
  if (!has_auxiliary_losses(config)) return nullptr;
  std::vector<double> dp(sums.tokens.size());
  const double rows = static_cast<double>(sums.rows);
  for (std::size_t i = 0; i < dp.size(); ++i)
    dp[i] = config.w_switch * static_cast<double>(config.experts) * static_cast<double>(sums.tokens[i]) /
            pairs_of(sums) / rows;
  return [&cache, dp = std::move(dp), of_z = 2 * config.w_z / rows](Index row, float* dclean) {
    std::vector<double> d = dp;
    softmax_logit_gradient(cache.softmax.row(row), d);
    const double z = of_z * cache.log_sum_exp[static_cast<std::size_t>(row)];
    for (std::size_t i = 0; i < d.size(); ++i)
      dclean[i] += static_cast<float>(d[i] + z * static_cast<double>(cache.softmax(row, static_cast<Index>(i))));
  };
}

void step_bias(double rate, const RoutingSums& sums, Matrix& bias) {
  const double mean = pairs_of(sums) / static_cast<double>(sums.tokens.size());
  for (std::size_t i = 0; i < sums.tokens.size(); ++i) {
    const double missing = mean - static_cast<double>(sums.tokens[i]);
    if (missing != 0) bias.data()[i] += static_cast<float>(missing > 0 ? rate : -rate);
  }
}

}  // namespace moelm
