// Computes the logits of a few rows at a time, so that they are used while they are in the cache.
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

/// Computes the logits x w^T of all rows of x for the packed tokens, a range of rows at a time in each thread's scratch
/// memory. Calls finish(row, logits) for each row of a range, then done(begin, end) for the range.
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
