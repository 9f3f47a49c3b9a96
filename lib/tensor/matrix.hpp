// The owner of matrix memory: aligned, dense, row-major, zero at birth.
#pragma once

#include <span>
#include <utility>

#include "base/memory.hpp"
#include "tensor/view.hpp"

namespace moelm {

/// A dense [rows, cols] matrix of floats, 64-byte aligned. Move-only: copies are made by name (`clone`).
class Matrix {
 public:
  Matrix() = default;
  Matrix(Index rows, Index cols);
  Matrix(Matrix&& other) noexcept { swap(other); }
  Matrix& operator=(Matrix&& other) noexcept {
    Matrix(std::move(other)).swap(*this);
    return *this;
  }

  Index rows() const { return rows_; }
  Index cols() const { return cols_; }
  Index size() const { return rows_ * cols_; }
  bool empty() const { return size() == 0; }
  float* data() { return reinterpret_cast<float*>(data_.get()); }
  const float* data() const { return reinterpret_cast<const float*>(data_.get()); }
  float* row(Index i) { return data() + i * cols_; }
  const float* row(Index i) const { return data() + i * cols_; }
  float& operator()(Index i, Index j) { return data()[i * cols_ + j]; }
  float operator()(Index i, Index j) const { return data()[i * cols_ + j]; }
  std::span<float> values() { return {data(), static_cast<std::size_t>(size())}; }
  std::span<const float> values() const { return {data(), static_cast<std::size_t>(size())}; }
  std::span<float> row_span(Index i) { return {row(i), static_cast<std::size_t>(cols_)}; }
  MatrixView view() { return {data(), rows_, cols_, cols_}; }
  ConstMatrixView view() const { return {data(), rows_, cols_, cols_}; }
  operator MatrixView() { return view(); }
  operator ConstMatrixView() const { return view(); }

  /// Makes the shape [rows, cols]; memory grows but never shrinks, contents become unspecified.
  void reshape(Index rows, Index cols);
  void zero();
  Matrix clone() const;
  /// Becomes a copy of `other`; memory is used again.
  void copy_from(const Matrix& other);
  void swap(Matrix& other) noexcept;

 private:
  Block data_;
  Index rows_ = 0, cols_ = 0, capacity_ = 0;
};

}  // namespace moelm
