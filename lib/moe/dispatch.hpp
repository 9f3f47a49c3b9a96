// The plan of who computes what: rows sorted by expert, nothing dropped, no arithmetic.
#pragma once

#include <cstdint>
#include <vector>

#include "base/context.hpp"
#include "moe/routing.hpp"
#include "tensor/view.hpp"

namespace moelm {

/// The N*k pairs (row, choice) in slots ordered by expert, then row: expert e owns slots offset[e] ... offset[e+1]-1.
struct Dispatch {
  std::vector<Index> offset;       ///< [E + 1]
  std::vector<std::int32_t> row;   ///< row of each slot, [N * k]
  std::vector<std::int32_t> slot;  ///< slot of choice j of row n at n * k + j, [N * k]
  Index slots() const { return static_cast<Index>(row.size()); }
};

/// Counting sort by expert.
void plan_dispatch(const Routing& routing, Dispatch& dispatch);

/// out[s] = x[row of s]: every expert's inputs side by side; out [N * k, D].
void dispatch_rows(Context& context, const Dispatch& dispatch, ConstMatrixView x, MatrixView out);

/// y[n] = sum over choices j of weight(n, j) * expert_rows[slot(n, j)]; `weights` [N, k], or null for ones.
void combine_rows(Context& context, const Dispatch& dispatch, const float* weights, ConstMatrixView expert_rows,
                  MatrixView y);

}  // namespace moelm
