// Adam (Kingma and Ba 2015) on whole tensors, on few rows of a table, and on one matrix of many.
//    m  = beta1 m + (1 - beta1) g
//    v  = beta2 v + (1 - beta2) g^2
//    w -= lr m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + epsilon)
// What receives no gradient in a step is not touched, adam_update_all_rows excepted; its moments decay when it is next
// touched. Each function returns whether every weight that it wrote is finite.
#pragma once

#include <cstdint>
#include <span>

#include "base/context.hpp"
#include "optim/moments.hpp"
#include "optim/weight_decay.hpp"
#include "optim/weight_rows.hpp"
#include "tensor/matrix.hpp"

namespace moelm {

/// Updates all of `weights`.
[[nodiscard]] bool adam_update(Context& context, const OptimizerStep& now, ConstMatrixView gradient, Moments& moments,
                               Matrix& weights);

/// Updates rows index[i] of a table with the gradients rows[i]; the moments have as many numbers as the table.
[[nodiscard]] bool adam_update_rows(Context& context, const OptimizerStep& now, std::span<const std::int32_t> index,
                                    ConstMatrixView rows, Moments& moments, const RowHistory& history,
                                    MatrixView table);

/// Updates every row of a table as adam_update does, with gradients for rows index[i], which rise. Rows that never had
/// one stay as they are, which equals a gradient of zero.
[[nodiscard]] bool adam_update_all_rows(Context& context, const OptimizerStep& now, std::span<const std::int32_t> index,
                                        ConstMatrixView rows, Moments& moments, const RowHistory& history,
                                        MatrixView table);

/// Updates one matrix that was last updated in step `last_step` (0: never); runs in the calling task.
[[nodiscard]] bool adam_update_matrix(Context& context, const OptimizerStep& now, ConstMatrixView gradient,
                                      Index last_step, Moments& moments, const WeightRows& weights);

}  // namespace moelm
