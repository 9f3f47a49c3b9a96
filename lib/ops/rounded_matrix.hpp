// A matrix rounded to the type that products read. It is rounded once for several products, and bfloat16 takes half the
// memory.
#pragma once

#include "base/data_type.hpp"
#include "base/index.hpp"
#include "base/memory.hpp"

namespace moelm {

/// A view of rows of a RoundedMatrix.
struct RoundedView {
  const std::byte* data = nullptr;
  Index rows = 0, cols = 0;
  DataType type = DataType::f32;
  bool wide = true;  ///< single-precision numbers, otherwise bfloat16

  Index bytes_of_row() const { return cols * (wide ? 4 : 2); }
  RoundedView row_range(Index begin, Index end) const {
    return {data + begin * bytes_of_row(), end - begin, cols, type, wide};
  }
};

/// A dense [rows, cols] matrix of numbers rounded to `type`; bfloat16 is kept in single precision where the processor
/// does not multiply it. Rows may be stored by several threads.
class RoundedMatrix {
 public:
  /// Makes the shape; memory grows but never shrinks, contents become unspecified.
  void reshape(Index rows, Index cols, DataType type);
  /// Row i = rounded(x).
  void store_row(Index i, const float* x);
  /// Numbers [begin, end) of row i, in single precision.
  void load_row(Index i, Index begin, Index end, float* out) const;

  Index rows() const { return view_.rows; }
  Index cols() const { return view_.cols; }
  RoundedView view() const { return view_; }

 private:
  std::byte* row(Index i) { return data_.get() + i * view_.bytes_of_row(); }

  Block data_;
  Index capacity_ = 0;
  RoundedView view_;
};

}  // namespace moelm
