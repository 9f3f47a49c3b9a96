#include "comparison/bootstrap.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include "base/check.hpp"
#include "base/random.hpp"

namespace moelm {

namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr Index kSeedRow = 0, kBlockRow = 1;  // rows of the random stream

/// Draws as many numbers below counts.size() as there are, and counts each.
void draw(const RandomStream& random, Index resample, Index row, std::span<std::uint32_t> counts) {
  const auto count = static_cast<std::uint64_t>(counts.size());
  std::fill(counts.begin(), counts.end(), 0u);
  for (std::uint64_t i = 0; i < count; i += 4) {
    const auto four = random.bits(resample, row, static_cast<Index>(i / 4));
    for (std::uint64_t u = 0; u < std::min<std::uint64_t>(4, count - i); ++u) ++counts[four[u] * count >> 32];
  }
}

/// Sum of differences over sum of weights, each block and each seed as often as it was drawn. NaN without weight.
double weighted_mean(const std::vector<std::vector<BlockSum>>& sums, std::span<const std::uint32_t> seeds,
                     std::span<const std::uint32_t> blocks) {
  double difference = 0, weight = 0;
  for (std::size_t s = 0; s < sums.size(); ++s) {
    if (seeds[s] == 0) continue;
    double of_seed = 0;
    for (std::size_t b = 0; b < blocks.size(); ++b) of_seed += blocks[b] * sums[s][b].difference;
    difference += seeds[s] * of_seed;
  }
  for (std::size_t b = 0; b < blocks.size(); ++b) weight += blocks[b] * sums[0][b].weight;
  return weight > 0 ? difference / (weight * static_cast<double>(sums.size())) : kNone;
}

/// Quantile of sorted values, linear between them.
double quantile(const std::vector<double>& sorted, double q) {
  const double place = q * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (place - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

double standard_deviation(const std::vector<double>& values) {
  double mean = 0, squares = 0;
  for (const double v : values) mean += v / static_cast<double>(values.size());
  for (const double v : values) squares += (v - mean) * (v - mean);
  return std::sqrt(squares / static_cast<double>(values.size()));
}

}  // namespace

BootstrapResult paired_bootstrap(const std::vector<std::vector<BlockSum>>& sums, const BootstrapOptions& options) {
  ensure(!sums.empty(), "a bootstrap has a seed");
  for (const auto& of_seed : sums) ensure(of_seed.size() == sums[0].size(), "all seeds have the same blocks");
  std::vector<std::uint32_t> seeds(sums.size(), 1), blocks(sums[0].size(), 1);
  BootstrapResult result{weighted_mean(sums, seeds, blocks), kNone, kNone, kNone};
  const auto with_weight =
      std::count_if(sums[0].begin(), sums[0].end(), [](const BlockSum& block) { return block.weight > 0; });
  if (with_weight < 2) return result;

  const RandomStream random(options.seed, "bootstrap", 0);
  std::vector<double> means;
  means.reserve(static_cast<std::size_t>(options.resamples));
  for (Index r = 0; r < options.resamples; ++r) {
    if (sums.size() > 1) draw(random, r, kSeedRow, seeds);
    draw(random, r, kBlockRow, blocks);
    const double mean = weighted_mean(sums, seeds, blocks);
    if (!std::isnan(mean)) means.push_back(mean);
  }
  if (means.empty()) return result;
  std::sort(means.begin(), means.end());
  const double outside = (1 - options.level) / 2;
  result.standard_error = standard_deviation(means);
  result.low = quantile(means, outside);
  result.high = quantile(means, 1 - outside);
  return result;
}

}  // namespace moelm
