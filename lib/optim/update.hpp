// One step of the optimizer on one tensor, by the kind of its group. Each function returns whether every weight that it
// wrote is finite.
#pragma once

#include <cstdint>
#include <span>

#include "base/context.hpp"
#include "optim/moments.hpp"
#include "optim/weight_decay.hpp"
#include "optim/weight_rows.hpp"
#include "tensor/matrix.hpp"

namespace moelm {

/// The factor that brings a gradient of norm `norm` to at most `max_norm`; with max_norm 0 the gradient stays.
double clip_scale(double norm, double max_norm);

/// Updates all of `weights`; moments come from make_moments for the kind of now.config.
[[nodiscard]] bool update_tensor(Context& context, const OptimizerStep& now, ConstMatrixView gradient, Moments& moments,
                                 Matrix& weights);

/// Updates rows index[i], which rise, of a table with the gradients rows[i]. The table of a vector has one column. If
/// now.config.rows is all, rows without a gradient are updated too, with a gradient of zero. REQUIRES kind adam for
/// that.
[[nodiscard]] bool update_rows(Context& context, const OptimizerStep& now, std::span<const std::int32_t> index,
                               ConstMatrixView rows, Moments& moments, const RowHistory& history, MatrixView table);

/// Updates one matrix that was last updated in step `last_step` (0: never); runs in the calling task.
[[nodiscard]] bool update_matrix(Context& context, const OptimizerStep& now, ConstMatrixView gradient, Index last_step,
                                 Moments& moments, const WeightRows& weights);

}  // namespace moelm
