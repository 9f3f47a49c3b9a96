#include "moe/dispatch.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "ops/kernels.hpp"
#include "ops/rows.hpp"

namespace moelm {

void plan_dispatch(const Routing& routing, Dispatch& dispatch) {
  dispatch.offset.assign(static_cast<std::size_t>(routing.experts) + 1, 0);
  for (std::size_t e = 0; e < routing.tokens.size(); ++e)
    dispatch.offset[e + 1] = dispatch.offset[e] + routing.tokens[e];
  dispatch.row.resize(routing.expert.size());
  dispatch.slot.resize(routing.expert.size());
  std::vector<Index> next(dispatch.offset.begin(), dispatch.offset.end() - 1);
  for (std::size_t pair = 0; pair < routing.expert.size(); ++pair) {
    const Index slot = next[static_cast<std::size_t>(routing.expert[pair])]++;
    dispatch.row[static_cast<std::size_t>(slot)] = static_cast<std::int32_t>(static_cast<Index>(pair) / routing.k);
    dispatch.slot[pair] = static_cast<std::int32_t>(slot);
  }
}

void dispatch_rows(Context& context, const Dispatch& dispatch, ConstMatrixView x, MatrixView out) {
  gather_rows(context, x, dispatch.row, out);
}

void combine_rows(Context& context, const Dispatch& dispatch, const float* weights, ConstMatrixView expert_rows,
                  MatrixView y) {
  const Index k = dispatch.slots() / y.rows;
  ensure(expert_rows.rows == dispatch.slots() && expert_rows.cols == y.cols, "one row a slot");
  context.parallel_ranges(y.rows, 32, [&](Index begin, Index end) {
    for (Index n = begin; n < end; ++n) {
      std::fill_n(y.row(n), y.cols, 0.0f);
      for (Index j = 0; j < k; ++j) {
        const Index pair = n * k + j;
        kernels().axpy(y.cols, weights == nullptr ? 1.0f : weights[pair],
                       expert_rows.row(dispatch.slot[static_cast<std::size_t>(pair)]), y.row(n));
      }
    }
  });
}

}  // namespace moelm
