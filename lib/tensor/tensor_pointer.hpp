// A tensor of a model, wherever and in whatever type it is kept.
#pragma once

#include "tensor/bf16_matrix.hpp"
#include "tensor/matrix.hpp"

namespace moelm {

/// One of the two is set. Valid while the owner does not move.
struct TensorPointer {
  Matrix* f32 = nullptr;
  Bf16Matrix* bf16 = nullptr;

  TensorPointer(Matrix& m) : f32(&m) {}
  TensorPointer(Bf16Matrix& m) : bf16(&m) {}
};

}  // namespace moelm
