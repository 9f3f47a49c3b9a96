// Second moments factored into averages of rows and of columns: appendix D of the paper, and Adafactor.
//   factored (appendix D; correction and epsilon are ours), g the gradient of a matrix:
//     R = beta2 R + (1 - beta2) rowmean(g^2);  C = beta2 C + (1 - beta2) colmean(g^2);  V = (R_i / mean) C_j
//     w -= lr g / (sqrt(V / (1 - beta2^t)) + epsilon)
//   adafactor (Shazeer and Stern 2018, arXiv 1804.04235), the learning rate from outside: neither scaled by the weights
//   nor falling by itself:
//     beta2 = 1 - t^-0.8;  R, C, V as above of g^2 + 1e-30;  u = g / sqrt(V);  w -= lr u / max(1, RMS(u))
// mean(R) = mean(C). A vector keeps V itself. What receives no gradient in a step is not touched, and its R decays when
// it is next touched: that equals the dense update with a gradient of zero. Each function returns whether every weight
// that it wrote is finite.
#pragma once

#include <cstdint>
#include <span>

#include "base/context.hpp"
#include "optim/moments.hpp"
#include "optim/weight_decay.hpp"
#include "optim/weight_rows.hpp"
#include "tensor/matrix.hpp"

namespace moelm {

/// Updates a tensor that was last updated in step `last_step` (0: never). May be called within a task; the bits of the
/// result depend neither on that nor on the number of threads.
[[nodiscard]] bool factored_update(Context& context, const OptimizerStep& now, ConstMatrixView gradient,
                                   Index last_step, Moments& moments, const WeightRows& weights);

/// Updates rows index[i], all different, of a table with the gradients rows[i]. C is an average over all rows, so it
/// changes with every step.
[[nodiscard]] bool factored_update_rows(Context& context, const OptimizerStep& now, std::span<const std::int32_t> index,
                                        ConstMatrixView rows, Moments& moments, const RowHistory& history,
                                        MatrixView table);

}  // namespace moelm
