// Row-major views of memory with another owner.
#pragma once

#include <span>
#include <type_traits>

#include "base/index.hpp"

namespace moelm {

/// A matrix [rows, cols] at `data`, consecutive rows `stride` elements apart. Copying copies the view, not the data.
template <class T>
struct BasicView {
  T* data = nullptr;
  Index rows = 0;
  Index cols = 0;
  Index stride = 0;

  T* row(Index i) const { return data + i * stride; }
  T& operator()(Index i, Index j) const { return data[i * stride + j]; }
  Index size() const { return rows * cols; }
  bool dense() const { return stride == cols || rows <= 1; }
  std::span<T> row_span(Index i) const { return {row(i), static_cast<std::size_t>(cols)}; }

  /// Rows [begin, end).
  BasicView row_range(Index begin, Index end) const { return {row(begin), end - begin, cols, stride}; }
  /// Columns [begin, end) of all rows.
  BasicView col_range(Index begin, Index end) const { return {data + begin, rows, end - begin, stride}; }

  operator BasicView<const T>() const requires(!std::is_const_v<T>) { return {data, rows, cols, stride}; }
};

using MatrixView = BasicView<float>;
using ConstMatrixView = BasicView<const float>;

}  // namespace moelm
