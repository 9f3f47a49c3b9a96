#include "scale/table_sums.hpp"

#include <algorithm>

#include "scale/expected_counts.hpp"
#include "scale/message_sizes.hpp"

namespace moelm {

double table_rows(const LayerConfig& layer, const StepShape& shape, double ranks) {
  const auto* softmax = std::get_if<SoftmaxConfig>(&layer);
  const double tokens = shape.table_rows > 0 && ranks == 1
                            ? shape.table_rows
                            : expected_tokens(ranks * shape.rows_of_rank(), shape.vocabulary);
  return std::min(tokens + (softmax != nullptr ? static_cast<double>(softmax->samples) : 0),
                  static_cast<double>(shape.vocabulary));
}

TableSums table_sums(const ModelConfig& config, const std::vector<CopiedTensors>& copied, const StepShape& shape) {
  TableSums sums;
  for (std::size_t l = 0; l < copied.size(); ++l) {
    if (copied[l].tables == 0) continue;
    const double rows = table_rows(config.layers[l], shape, 1), columns = kBytesOfFloat * copied[l].table_columns;
    sums.bytes += copied[l].tables * (kBytesOfIndex + 2 * kBytesOfLength + kBytesOfToken * rows) + columns * rows;
    // Along the tree of lanes: a sum is made, two are read, one is written.
    for (double of = 2; of < 2 * shape.ranks; of *= 2)
      sums.memory_bytes +=
          4 * columns * table_rows(config.layers[l], shape, std::min<double>(of, shape.ranks)) * shape.ranks / of;
  }
  return sums;
}

}  // namespace moelm
