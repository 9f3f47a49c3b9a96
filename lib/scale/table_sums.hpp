// Gradients of few rows of a table: every rank sends its rows to all others, and all add all of them.
#pragma once

#include <vector>

#include "config/model_config.hpp"
#include "scale/copied_tensors.hpp"
#include "scale/step_phase.hpp"

namespace moelm {

/// Rows of the gradient of a layer's tables, of the rows of so many ranks.
double table_rows(const LayerConfig& layer, const StepShape& shape, double ranks);

struct TableSums {
  double bytes = 0;         ///< from one rank to another; 0: there are no such tables
  double memory_bytes = 0;  ///< read and written to add those of all ranks
};

TableSums table_sums(const ModelConfig& config, const std::vector<CopiedTensors>& copied, const StepShape& shape);

}  // namespace moelm
