#include "optim/update.hpp"

#include "optim/adam.hpp"
#include "optim/factored.hpp"

namespace moelm {

double clip_scale(double norm, double max_norm) { return max_norm > 0 && norm > max_norm ? max_norm / norm : 1; }

bool update_tensor(Context& context, const OptimizerStep& now, ConstMatrixView gradient, Moments& moments,
                   Matrix& weights) {
  if (now.config.kind == OptimizerKind::adam) return adam_update(context, now, gradient, moments, weights);
  return factored_update(context, now, gradient, now.step - 1, moments, weights);
}

bool update_rows(Context& context, const OptimizerStep& now, std::span<const std::int32_t> index, ConstMatrixView rows,
                 Moments& moments, const RowHistory& history, MatrixView table) {
  if (now.config.rows == RowUpdates::all)
    return adam_update_all_rows(context, now, index, rows, moments, history, table);
  if (now.config.kind == OptimizerKind::adam)
    return adam_update_rows(context, now, index, rows, moments, history, table);
  return factored_update_rows(context, now, index, rows, moments, history, table);
}

bool update_matrix(Context& context, const OptimizerStep& now, ConstMatrixView gradient, Index last_step,
                   Moments& moments, const WeightRows& weights) {
  if (now.config.kind == OptimizerKind::adam)
    return adam_update_matrix(context, now, gradient, last_step, moments, weights);
  return factored_update(context, now, gradient, last_step, moments, weights);
}

}  // namespace moelm
