#include "optim/moments.hpp"

namespace moelm {

Moments make_moments(OptimizerKind kind, Index rows, Index columns, bool vector) {
  Moments moments;
  if (kind == OptimizerKind::adam) moments.m = Matrix(rows, columns);
  if (kind == OptimizerKind::adam || vector) {
    moments.v = Matrix(rows, columns);
  } else {
    moments.rows = Matrix(1, rows);
    moments.columns = Matrix(1, columns);
  }
  return moments;
}

double moment_numbers(OptimizerKind kind, double rows, double columns, bool vector) {
  if (kind == OptimizerKind::adam) return 2 * rows * columns;
  return vector ? rows * columns : rows + columns;
}

}  // namespace moelm
