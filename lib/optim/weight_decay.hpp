// Decoupled weight decay (Loshchilov and Hutter 2019): before its update a matrix is multiplied by 1 - lr weight_decay.
// What is not updated in every step is multiplied by the product of these factors when its turn comes.
#pragma once

#include <cstdint>
#include <span>

#include "ops/kernels.hpp"
#include "optim/moments.hpp"

namespace moelm {

/// The factor of one step: 1 - lr lr_scale weight_decay.
inline double decay_of_step(const OptimizerStep& now) {
  return 1 - now.lr * now.config.lr_scale * now.config.weight_decay;
}

/// w *= factor. The small difference from 1 is not lost in rounding the factor.
inline void decay_weights(Index n, double factor, float* w) {
  if (factor != 1) kernels().axpy(n, static_cast<float>(factor - 1), w, w);
}

/// What rows of a table need beside moments, one entry a row.
struct RowHistory {
  std::span<std::int64_t> last_step;  ///< step of the last update, 0 for never
  std::span<double> decay = {};       ///< factor that the row has to get before its next update; empty: no decay
};

/// Multiplies a row by the factor that it has to get.
inline void decay_row(const RowHistory& history, Index row, MatrixView table) {
  if (history.decay.empty()) return;
  double& factor = history.decay[static_cast<std::size_t>(row)];
  decay_weights(table.cols, factor, table.row(row));
  factor = 1;
}

}  // namespace moelm
