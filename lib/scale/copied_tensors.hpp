// What every rank has a copy of: numbers whose gradients are summed over ranks.
#pragma once

#include "config/optimizer_config.hpp"
#include "config/tensor_spec.hpp"

namespace moelm {

/// Of one layer.
struct CopiedTensors {
  double numbers = 0, tensors = 0;       ///< with a gradient of their own shape
  double table_columns = 0, tables = 0;  ///< with a gradient of few rows: numbers of a row, all tables together
  double update_bytes = 0;               ///< that an update of the first reads and writes, gradients included
  double row_update_bytes = 0;           ///< the same of a row of the tables
};

CopiedTensors copied_tensors(const LayerTensors& layer, const OptimizerConfig& optimizer);

/// Bytes that an update reads and writes for each number, its gradient included.
double update_bytes_with_gradient(OptimizerKind kind);

}  // namespace moelm
