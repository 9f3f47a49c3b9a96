// Dropout. The mask depends only on seed, layer, step, row and column. Backward draws it again and stores nothing.
#pragma once

#include <span>

#include "base/context.hpp"
#include "base/random.hpp"
#include "tensor/view.hpp"

namespace moelm {

/// Where a mask comes from: the stream of one layer and the step; `rows[i]` is row i's position in the whole optimizer
/// step, so masks do not depend on how the step is split. Rows with the same number share a mask.
struct DropoutMask {
  RandomStream stream;
  Index step;
  double rate;  ///< probability of dropping, 0 <= rate < 1
  std::span<const Index> rows;
};

/// x[i, j] becomes 0 with probability rate, else x[i, j] / (1 - rate). Its own adjoint: use it for gradients too.
void apply_dropout(Context& context, const DropoutMask& mask, MatrixView x);

}  // namespace moelm
