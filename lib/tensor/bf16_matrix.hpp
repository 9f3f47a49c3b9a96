// The owner of a matrix of bfloat16 numbers.
#pragma once

#include <cstdint>
#include <cstring>

#include "base/data_type.hpp"
#include "base/memory.hpp"
#include "tensor/view.hpp"

namespace moelm {

using Bf16View = BasicView<const Bf16>;

/// A dense [rows, cols] matrix of bfloat16 numbers, 64-byte aligned, zero at birth. Move-only.
class Bf16Matrix {
 public:
  Bf16Matrix() = default;
  Bf16Matrix(Index rows, Index cols)
      : data_(allocate_block(static_cast<std::size_t>(rows * cols) * sizeof(Bf16) + 1)), rows_(rows), cols_(cols) {
    std::memset(data_.get(), 0, static_cast<std::size_t>(rows * cols) * sizeof(Bf16));
  }

  Index rows() const { return rows_; }
  Index cols() const { return cols_; }
  Index size() const { return rows_ * cols_; }
  Bf16* data() { return reinterpret_cast<Bf16*>(data_.get()); }
  const Bf16* data() const { return reinterpret_cast<const Bf16*>(data_.get()); }
  Bf16* row(Index i) { return data() + i * cols_; }
  const Bf16* row(Index i) const { return data() + i * cols_; }
  Bf16View view() const { return {data(), rows_, cols_, cols_}; }

 private:
  Block data_;
  Index rows_ = 0, cols_ = 0;
};

}  // namespace moelm
