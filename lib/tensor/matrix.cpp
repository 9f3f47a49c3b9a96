#include "tensor/matrix.hpp"

#include <algorithm>
#include <limits>
#include <new>

#include "base/check.hpp"
#include "base/checked.hpp"

namespace moelm {

namespace {
constexpr Index kMaxElements = std::numeric_limits<Index>::max() / static_cast<Index>(sizeof(float));
}

Matrix::Matrix(Index rows, Index cols) {
  reshape(rows, cols);
  zero();
}

void Matrix::reshape(Index rows, Index cols) {
  ensure(rows >= 0 && cols >= 0, "a matrix has no negative side");
  const Index numbers = checked_product(rows, cols).value_or(kMaxElements + 1);
  if (numbers > kMaxElements) throw std::bad_alloc();
  if (numbers > capacity_) {
    data_.reset();
    data_ = allocate_block(static_cast<std::size_t>(numbers) * sizeof(float));
    capacity_ = numbers;
  }
  rows_ = rows;
  cols_ = cols;
}

void Matrix::zero() { std::fill_n(data(), size(), 0.0f); }

Matrix Matrix::clone() const {
  Matrix copy(rows_, cols_);
  std::copy_n(data(), size(), copy.data());
  return copy;
}

void Matrix::copy_from(const Matrix& other) {
  reshape(other.rows_, other.cols_);
  std::copy_n(other.data(), size(), data());
}

void Matrix::swap(Matrix& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(rows_, other.rows_);
  std::swap(cols_, other.cols_);
  std::swap(capacity_, other.capacity_);
}

}  // namespace moelm
