// Some rows of logits at a time: made, used and forgotten while they are near.
#pragma once

#include <algorithm>

#include "base/context.hpp"
#include "ops/gemm.hpp"
#include "ops/kernels.hpp"
#include "tensor/view.hpp"

namespace moelm {

/// Rows whose logits a thread holds at a time: about four megabytes of them.
inline Index logit_rows_of_a_task(Index tokens) {
  return std::clamp<Index>((Index{1} << 20) / tokens / 16 * 16, 16, 64);
}

/// Logits x w^T of rows of x over the tokens that are packed, in the scratch of the thread that works on them. Calls
/// finish(row, logits) for each row, then done(begin, end) for those that the thread held together.
template <class Finish, class Done>
void for_each_row_of_logits(Context& context, ConstMatrixView x, const PackedMatrix& w_transposed, const Finish& finish,
                            const Done& done) {
  const Index tokens = w_transposed.cols();
  context.parallel_ranges(x.rows, logit_rows_of_a_task(tokens), [&](Index begin, Index end) {
    const MatrixView logits{context.scratch(ScratchSlot::logits, (end - begin) * tokens).data(), end - begin, tokens,
                            tokens};
    multiply(context, x.row_range(begin, end), w_transposed, 0.0f, logits);
    for (Index i = begin; i < end; ++i) finish(i, logits.row(i - begin));
    done(begin, end);
  });
}

}  // namespace moelm
