// The continuous cache of Grave, Joulin and Usunier (2017, arXiv 1612.04426): words of the recent text become more
// probable where the model is in a state like the one before them.
//    p_cache(w) = sum of [w = w_i] exp(theta h . h_i) / sum of exp(theta h . h_i)
// Both sums are over the last n pairs i. h is the input of the softmax at a position, and w_i the token that followed
// the position of h_i.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/context.hpp"
#include "tensor/view.hpp"

namespace moelm {

/// The pairs (h_i, w_i) of one text in its order. Not thread-safe.
class NeuralCache {
 public:
  /// What target_probabilities says where no pair precedes a row: the cache has no distribution there.
  static constexpr double kNoPairs = -1;

  /// REQUIRES window >= 1. The context must outlive the cache.
  NeuralCache(Context& context, Index window, Index width);

  /// p_cache(targets[r]) for every row of h [rows, width] and every theta (>= 0), into out [rows][thetas]. The rows
  /// follow those of the calls before in the text. A row sees only pairs before it; then they join the cache.
  void target_probabilities(ConstMatrixView h, std::span<const std::int32_t> targets, std::span<const double> thetas,
                            std::span<double> out);

  /// Bytes that a cache takes while it reads a text of at most `tokens` tokens.
  static double bytes(Index window, Index width, Index tokens);

 private:
  Index pairs() const { return static_cast<Index>(words_.size()); }
  void append(ConstMatrixView h, std::span<const std::int32_t> targets);
  void row_probabilities(const float* h, std::int32_t target, Index end, std::span<const double> thetas,
                         std::vector<float>& memory, double* out) const;

  Context& context_;
  Index window_, width_;
  std::vector<float> keys_;          // [pairs, width]
  std::vector<std::int32_t> words_;  // [pairs]
};

/// -ln((1 - lambda) exp(-nll) + lambda p_cache); `nll` itself if lambda is 0 or p_cache is kNoPairs.
double mixed_nll(double lambda, double p_cache, double nll);

}  // namespace moelm
