// Random matrices for tests.
#pragma once

#include "base/random.hpp"
#include "tensor/matrix.hpp"

namespace moelm {

/// Standard normal entries times `scale`, a function of seed and shape alone.
inline Matrix random_matrix(Index rows, Index cols, std::uint64_t seed, float scale = 1.0f) {
  Matrix m(rows, cols);
  const RandomStream stream(seed, "test", 0);
  for (Index i = 0; i < rows; ++i) stream.normals(0, i, 0, cols, m.row(i));
  for (float& x : m.values()) x *= scale;
  return m;
}

}  // namespace moelm
