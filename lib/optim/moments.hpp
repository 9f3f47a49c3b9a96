// What the optimizer remembers of a tensor, and the step that it is at.
#pragma once

#include "base/index.hpp"
#include "config/optimizer_config.hpp"
#include "tensor/matrix.hpp"

namespace moelm {

/// Moments of one tensor; what its kind does not need stays empty. A vector has no rows and columns to average over, so
/// the factored kinds keep all of its second moments.
struct Moments {
  Matrix m;        ///< first moments, of the tensor's shape: adam
  Matrix v;        ///< second moments, of the tensor's shape: adam, and vectors of every kind
  Matrix rows;     ///< [1, rows] averages of second moments over a row: factored kinds of a matrix
  Matrix columns;  ///< [1, columns] averages over a column
};

/// Moments, all zero, of a tensor of `rows` x `columns` numbers.
Moments make_moments(OptimizerKind kind, Index rows, Index columns, bool vector);

/// The numbers that make_moments allocates; in floating point, for shapes too large to allocate.
double moment_numbers(OptimizerKind kind, double rows, double columns, bool vector);

/// The optimizer's place in training: step t counts from 1, `lr` is the schedule's value, gradients are multiplied by
/// grad_scale. Rows of a table have a decay of their own.
struct OptimizerStep {
  const GroupConfig& config;
  Index step;
  double lr;
  double grad_scale = 1;
  double decay = 1;  ///< factor on the weights before the update (optim/weight_decay.hpp)
};

}  // namespace moelm
