#include "adaptation/neural_cache.hpp"

#include <algorithm>
#include <cmath>

#include "base/check.hpp"
#include "evaluation/evaluation.hpp"
#include "ops/kernels.hpp"

namespace moelm {

namespace {

constexpr Index kRowsPerTask = 8;

}  // namespace

NeuralCache::NeuralCache(Context& context, Index window, Index width)
    : context_(context), window_(window), width_(width) {
  ensure(window >= 1 && width >= 1, "a cache holds at least one pair");
}

double NeuralCache::bytes(Index window, Index width, Index tokens) {
  const double pairs = static_cast<double>(std::min(window, tokens)) + static_cast<double>(kEvaluationTokens);
  return pairs *
         static_cast<double>(width * static_cast<Index>(sizeof(float)) + static_cast<Index>(sizeof(std::int32_t)));
}

void NeuralCache::append(ConstMatrixView h, std::span<const std::int32_t> targets) {
  if (const Index old = pairs() - window_; old > 0) {
    keys_.erase(keys_.begin(), keys_.begin() + old * width_);
    words_.erase(words_.begin(), words_.begin() + old);
  }
  // Memory doubles up to its bound, and not beyond it.
  const auto needed = static_cast<std::size_t>((pairs() + h.rows) * width_);
  const double bound = (static_cast<double>(window_) + static_cast<double>(h.rows)) * static_cast<double>(width_);
  if (needed > keys_.capacity())
    keys_.reserve(static_cast<std::size_t>(std::min(bound, 2 * static_cast<double>(needed))));
  for (Index r = 0; r < h.rows; ++r) keys_.insert(keys_.end(), h.row(r), h.row(r) + width_);
  words_.insert(words_.end(), targets.begin(), targets.end());
}

void NeuralCache::target_probabilities(ConstMatrixView h, std::span<const std::int32_t> targets,
                                       std::span<const double> thetas, std::span<double> out) {
  ensure(
      h.cols == width_ && h.rows == static_cast<Index>(targets.size()) && out.size() == targets.size() * thetas.size(),
      "one target and one result a row");
  append(h, targets);
  const Index before = pairs() - h.rows, count = static_cast<Index>(thetas.size());
  context_.parallel_ranges(h.rows, kRowsPerTask, [&](Index begin, Index end) {
    std::vector<float> memory;
    for (Index r = begin; r < end; ++r)
      row_probabilities(h.row(r), targets[static_cast<std::size_t>(r)], before + r, thetas, memory,
                        out.data() + r * count);
  });
}

void NeuralCache::row_probabilities(const float* h, std::int32_t target, Index end, std::span<const double> thetas,
                                    std::vector<float>& memory, double* out) const {
  const Index first = std::max<Index>(0, end - window_), count = end - first;
  if (count == 0) {
    std::fill_n(out, thetas.size(), kNoPairs);
    return;
  }
  memory.resize(static_cast<std::size_t>(2 * count));
  float *const products = memory.data(), *const weights = products + count;
  for (Index i = 0; i < count; ++i) products[i] = kernels().dot(width_, h, keys_.data() + (first + i) * width_);
  // Relative to the greatest product, no exponential overflows and the sum is at least 1.
  const float greatest = *std::max_element(products, products + count);
  for (Index i = 0; i < count; ++i) products[i] -= greatest;
  for (std::size_t k = 0; k < thetas.size(); ++k) {
    kernels().scale(count, static_cast<float>(thetas[k]), products, weights);
    kernels().exp_sum(count, 0.0f, weights, weights);
    double of_target = 0, sum = 0;
    for (Index i = 0; i < count; ++i) {
      const auto weight = static_cast<double>(weights[i]);
      sum += weight;
      if (words_[static_cast<std::size_t>(first + i)] == target) of_target += weight;
    }
    out[k] = of_target / sum;
  }
}

double mixed_nll(double lambda, double p_cache, double nll) {
  if (lambda == 0 || p_cache < 0) return nll;
  if (p_cache == 0) return nll - std::log1p(-lambda);
  return -std::log((1 - lambda) * std::exp(-nll) + lambda * p_cache);
}

}  // namespace moelm
