// Balancing losses that came after the paper, on the clean logits l of a flat gate and their softmax p; off by default.
//   Switch Transformer (Fedus et al. 2021): w E sum_i f_i P_i, f_i = share of the pairs that went to expert i (a
//     constant), P_i = mean of p_i over the rows
//   z-loss (Zoph et al. 2022): w mean over the rows of (ln sum_i exp(l_i))^2
#pragma once

#include "moe/gate.hpp"

namespace moelm {

/// Whether a layer has any of these losses.
bool has_auxiliary_losses(const MoeConfig& config);

/// Fills cache.softmax and cache.log_sum_exp, and probability and z of `sums`, from cache.clean_logits.
void sum_auxiliary(Context& context, GateCache& cache, RoutingSums& sums);

double switch_loss(const MoeConfig& config, const RoutingSums& sums);
double z_loss(const MoeConfig& config, const RoutingSums& sums);

/// Adds the gradient of both losses to that of a row's clean logits; `sums` are those of the whole step.
LogitGradient auxiliary_gradient(const MoeConfig& config, const RoutingSums& sums, const GateCache& cache);

/// Auxiliary-loss-free balancing (Wang et al. 2024): every bias goes one step up where its expert had fewer tokens than
/// the mean, one step down where it had more. bias [1, E].
void step_bias(double rate, const RoutingSums& sums, Matrix& bias);

}  // namespace moelm
