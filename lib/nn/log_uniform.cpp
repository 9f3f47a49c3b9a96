#include "nn/log_uniform.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace moelm {

double log_uniform_probability(std::int32_t id, Index vocabulary) {
  return std::log1p(1.0 / (static_cast<double>(id) + 1)) / std::log(static_cast<double>(vocabulary) + 1);
}

double SampledIds::log_expected_count(std::int32_t id) const {
  if (draws == 0) return 0;
  const double q = log_uniform_probability(id, vocabulary);
  return std::log(-std::expm1(static_cast<double>(draws) * std::log1p(-q)));
}

std::int32_t draw_log_uniform(const RandomStream& stream, Index step, Index draw, Index vocabulary) {
  const auto bits = stream.bits(step, draw, 0);
  // 53 bits: single precision would not tell the rare ids of a large vocabulary apart.
  const double u = static_cast<double>((static_cast<std::uint64_t>(bits[0]) << 21) ^ (bits[1] >> 11)) * 0x1p-53;
  const auto id = static_cast<Index>(std::exp(u * std::log(static_cast<double>(vocabulary) + 1))) - 1;
  return static_cast<std::int32_t>(std::clamp<Index>(id, 0, vocabulary - 1));
}

SampledIds sample_log_uniform(const RandomStream& stream, Index step, Index count, Index vocabulary) {
  SampledIds sample;
  sample.vocabulary = vocabulary;
  if (count >= vocabulary) {
    sample.ids.resize(static_cast<std::size_t>(vocabulary));
    std::iota(sample.ids.begin(), sample.ids.end(), 0);
    return sample;
  }
  std::vector<bool> seen(static_cast<std::size_t>(vocabulary));
  while (static_cast<Index>(sample.ids.size()) < count) {
    const std::int32_t id = draw_log_uniform(stream, step, sample.draws++, vocabulary);
    if (seen[static_cast<std::size_t>(id)]) continue;
    seen[static_cast<std::size_t>(id)] = true;
    sample.ids.push_back(id);
  }
  std::sort(sample.ids.begin(), sample.ids.end());
  return sample;
}

}  // namespace moelm
