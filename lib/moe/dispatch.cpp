#include "moe/dispatch.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "ops/kernels.hpp"
#include "ops/rows.hpp"

namespace moelm {

namespace {

/// y[n] = beta y[n] + sum over the pairs of row n of weight(pair) * rows[slot of the pair].
template <class Weight>
void add_pairs(Context& context, const Dispatch& dispatch, const Routing& routing, ConstMatrixView rows, float beta,
               MatrixView y, Weight&& weight) {
  ensure(rows.rows == dispatch.slots() && rows.cols == y.cols && routing.rows == y.rows, "one row a slot");
  context.parallel_ranges(y.rows, kCostlyRowsPerTask, [&](Index begin, Index end) {
    for (Index n = begin; n < end; ++n) {
      if (beta == 0) std::fill_n(y.row(n), y.cols, 0.0f);
      for (std::size_t p = routing.first_pair(n); p < routing.first_pair(n + 1); ++p)
        kernels().axpy(y.cols, weight(p), rows.row(dispatch.slot[p]), y.row(n));
    }
  });
}

}  // namespace

void plan_dispatch(const Routing& routing, Dispatch& dispatch) {
  dispatch.offset.assign(static_cast<std::size_t>(routing.experts) + 1, 0);
  for (std::size_t e = 0; e < routing.sums.tokens.size(); ++e)
    dispatch.offset[e + 1] = dispatch.offset[e] + routing.sums.tokens[e];
  dispatch.row.resize(routing.expert.size());
  dispatch.slot.resize(routing.expert.size());
  std::vector<Index> next(dispatch.offset.begin(), dispatch.offset.end() - 1);
  for (Index n = 0; n < routing.rows; ++n)
    for (std::size_t p = routing.first_pair(n); p < routing.first_pair(n + 1); ++p) {
      const Index slot = next[static_cast<std::size_t>(routing.expert[p])]++;
      dispatch.row[static_cast<std::size_t>(slot)] = static_cast<std::int32_t>(n);
      dispatch.slot[p] = static_cast<std::int32_t>(slot);
    }
}

void dispatch_rows(Context& context, const Dispatch& dispatch, ConstMatrixView x, MatrixView out) {
  gather_rows(context, x, dispatch.row, out);
}

void combine_rows(Context& context, const Dispatch& dispatch, const Routing& routing, ConstMatrixView expert_rows,
                  MatrixView y) {
  add_pairs(context, dispatch, routing, expert_rows, 0, y, [&](std::size_t p) { return routing.gate[p]; });
}

void dispatch_backward(Context& context, const Dispatch& dispatch, const Routing& routing, ConstMatrixView dexpert_rows,
                       float beta, MatrixView dx) {
  add_pairs(context, dispatch, routing, dexpert_rows, beta, dx, [](std::size_t) { return 1.0f; });
}

}  // namespace moelm
