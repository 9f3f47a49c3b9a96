// Sorts rows by expert before the experts run, and combines their outputs afterwards. No row is dropped.
#pragma once

#include <cstdint>
#include <vector>

#include "base/context.hpp"
#include "moe/routing.hpp"
#include "tensor/view.hpp"

namespace moelm {

/// The pairs (row, expert) in slots ordered by expert, then row: expert e owns slots offset[e] ... offset[e+1]-1.
struct Dispatch {
  std::vector<Index> offset;       ///< [E + 1]
  std::vector<std::int32_t> row;   ///< row of each slot, [pairs]
  std::vector<std::int32_t> slot;  ///< slot of each pair of the routing, [pairs]
  Index slots() const { return static_cast<Index>(row.size()); }
};

/// Counting sort by expert.
void plan_dispatch(const Routing& routing, Dispatch& dispatch);

/// out[s] = x[row of s]: every expert's inputs side by side; out [pairs, D].
void dispatch_rows(Context& context, const Dispatch& dispatch, ConstMatrixView x, MatrixView out);

/// y[n] = sum over the pairs p of row n of gate(p) expert_rows[slot of p] (equation 1); overwrites y.
void combine_rows(Context& context, const Dispatch& dispatch, const Routing& routing, ConstMatrixView expert_rows,
                  MatrixView y);

/// dx[n] = beta dx[n] + sum over the pairs p of row n of dexpert_rows[slot of p], beta 0 or 1: the adjoint of
/// dispatch_rows.
void dispatch_backward(Context& context, const Dispatch& dispatch, const Routing& routing, ConstMatrixView dexpert_rows,
                       float beta, MatrixView dx);

}  // namespace moelm
