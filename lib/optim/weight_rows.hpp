// The weights that an update changes, row by row, in whatever type they are kept.
#pragma once

#include <cstdint>

#include "base/check.hpp"
#include "base/context.hpp"
#include "ops/pack_kernels.hpp"
#include "tensor/bf16_matrix.hpp"
#include "tensor/matrix.hpp"

namespace moelm {

/// Weights that one task of an update handles.
inline constexpr Index kElementsPerTask = 1 << 16;

/// A view of weights in single precision, or in bfloat16: a row of these is widened for its update and rounded
/// stochastically after it, so that neither the whole matrix nor its rounding errors are kept anywhere.
class WeightRows {
 public:
  WeightRows(MatrixView weights) : rows_(weights.rows), cols_(weights.cols), wide_(weights) {}
  WeightRows(Matrix& weights) : WeightRows(MatrixView(weights)) {}
  /// `key` draws the rounding; another for every step and matrix.
  WeightRows(Bf16Matrix& weights, std::uint32_t key)
      : rows_(weights.rows()), cols_(weights.cols()), rounded_(weights.data()), key_(key) {}

  Index rows() const { return rows_; }
  Index cols() const { return cols_; }
  Index size() const { return rows_ * cols_; }
  bool dense() const { return rounded_ != nullptr || wide_.dense(); }

  /// These weights in single precision as one row of all. REQUIRES dense and not rounded.
  MatrixView flat() const {
    ensure(rounded_ == nullptr && wide_.dense(), "the weights are in single precision");
    return {wide_.data, 1, size(), size()};
  }

  /// Calls update(float* row), which changes row i and returns whether the row is finite. Returns whether the stored
  /// row is finite too.
  template <class Update>
  bool update_row(Context& context, Index i, const Update& update) const {
    if (rounded_ == nullptr) return update(wide_.row(i));
    const Index first = i * cols_;
    float* const row = context.scratch(ScratchSlot::weights, cols_).data();
    pack_kernels().widen(cols_, rounded_ + first, row);
    const bool finite = update(row);
    // The greatest floats are rounded to infinity.
    return pack_kernels().round_stochastic(cols_, position_key(key_, static_cast<std::uint32_t>(first)), row,
                                           rounded_ + first) &&
           finite;
  }

 private:
  Index rows_, cols_;
  MatrixView wide_;
  Bf16* rounded_ = nullptr;
  std::uint32_t key_ = 0;
};

}  // namespace moelm
