// Draws a token from a distribution: temperature, then the k most probable, then the nucleus of Holtzman et al. 2020.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/index.hpp"

namespace moelm {

/// How a distribution p is changed before a token is drawn. As it stands: not at all.
struct Sampling {
  double temperature = 1;  ///< p^(1 / temperature); 0: the most probable token alone
  Index top_k = 0;         ///< keep the k most probable tokens; 0: all
  double top_p = 1;        ///< of these keep the fewest most probable ones that together have this share
};

/// A token that may be drawn.
struct Choice {
  std::int32_t token = 0;
  float log_p = 0;    ///< of the model
  double weight = 0;  ///< its probability is proportional to this
};

/// Ties between equal probabilities go to the lower id. Keeps its memory between calls. Not thread-safe.
class Sampler {
 public:
  /// `excluded` is never drawn; -1: none. REQUIRES temperature >= 0, top_k >= 0, 0 < top_p <= 1.
  explicit Sampler(const Sampling& how, std::int32_t excluded = -1);

  /// The tokens that may be drawn where the model says ln p = log_p[token], in any order. Valid until the next call.
  /// Error(diverged) if a value is NaN.
  std::span<const Choice> choices(std::span<const float> log_p);

  /// The token at the share `uniform` in [0, 1) of the sum of the weights, which is a draw if `uniform` is one.
  std::int32_t draw(std::span<const float> log_p, double uniform);

 private:
  void keep_most_probable();
  void keep_nucleus();

  Sampling how_;
  std::int32_t excluded_;
  std::vector<Choice> choices_;
};

}  // namespace moelm
