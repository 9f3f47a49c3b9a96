#include "scale/message_sizes.hpp"

namespace moelm {

double batch_bytes(double rows, double unroll) {
  const double first = kBytesOfIndex, layers = kBytesOfIndex;
  return first + kBytesOfLength + kBytesOfIndex * unroll + 2 * (kBytesOfLength + kBytesOfToken * rows) + layers;
}

double routing_bytes(const ModelConfig& config) {
  constexpr double kNumber = 8, kLists = 7, kNumbers = 5;
  double bytes = kBytesOfIndex;
  for (const LayerConfig& layer : config.layers) {
    bytes += kLists * kBytesOfLength + kNumbers * kNumber;
    const auto* moe = std::get_if<MoeConfig>(&layer);
    if (moe == nullptr) continue;
    const auto experts = static_cast<double>(moe->experts), groups = static_cast<double>(moe->groups);
    bytes += kNumber * 3 * experts;                     // tokens, importance, load
    if (moe->w_switch > 0) bytes += kNumber * experts;  // probability
    if (moe->hierarchical()) bytes += kNumber * (experts + 2 * groups);
  }
  return bytes;
}

}  // namespace moelm
