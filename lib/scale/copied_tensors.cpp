#include "scale/copied_tensors.hpp"

namespace moelm {

double update_bytes_with_gradient(OptimizerKind kind) { return kind == OptimizerKind::adam ? 28 : 16; }

CopiedTensors copied_tensors(const LayerTensors& layer, const OptimizerConfig& optimizer) {
  CopiedTensors copied;
  for (const TensorBlock& block : layer)
    for (const TensorSpec& spec : block.tensors) {
      if (!spec.exists() || block.copies == 0) continue;
      const double bytes = update_bytes_with_gradient(optimizer.of(spec.group).kind);
      const auto copies = static_cast<double>(block.copies), columns = static_cast<double>(spec.columns);
      if (spec.gradient == GradientForm::whole) {
        const double numbers = copies * static_cast<double>(spec.rows) * columns;
        copied.numbers += numbers;
        copied.tensors += copies;
        copied.update_bytes += numbers * bytes;
      } else if (spec.gradient == GradientForm::rows) {
        const double of_row = spec.vector ? 1 : columns;
        copied.table_columns += of_row;
        copied.tables += 1;
        copied.row_update_bytes += of_row * bytes;
      }
    }
  return copied;
}

}  // namespace moelm
