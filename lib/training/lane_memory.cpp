#include "training/lane_memory.hpp"

#include <algorithm>
#include <cmath>
#include <variant>

namespace moelm {

namespace {

double largest_factors(const ModelConfig& config, double rows_of_lane) {
  double largest = 0;
  for (const LayerConfig& layer : config.layers)
    if (const auto* lstm = std::get_if<LstmConfig>(&layer))
      largest = std::max(largest, rows_of_lane * static_cast<double>(5 * lstm->cells + 2 * lstm->output_width()));
  return largest;
}

}  // namespace

LaneNumbers lane_numbers(const ModelConfig& config, Index vocabulary, double rows_of_rank, Index lanes) {
  LaneNumbers numbers;
  if (lanes <= 1) return numbers;
  const auto count = static_cast<double>(lanes), table_rows = static_cast<double>(vocabulary);
  numbers.partial_sums = 1 + std::floor(std::log2(count));
  numbers.factors = largest_factors(config, rows_of_rank / count);
  if (!config.tied) return numbers;
  const auto samples = static_cast<double>(std::get<SoftmaxConfig>(config.layers.back()).samples);
  const double rows = samples > 0 ? std::min(table_rows, samples + rows_of_rank / count) : table_rows;
  numbers.tables = count * rows * static_cast<double>(input_widths(config).back());
  return numbers;
}

}  // namespace moelm
