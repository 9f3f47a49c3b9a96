// The log-uniform distribution over a vocabulary ordered by falling frequency, and distinct draws from it (section 3 of
// Jozefowicz et al. 2016, as TensorFlow's candidate sampler does it).
//   q(id) = ln((id + 2) / (id + 1)) / ln(V + 1)
#pragma once

#include <cstdint>
#include <vector>

#include "base/index.hpp"
#include "base/random.hpp"

namespace moelm {

/// Distinct ids in rising order, and how many draws it took to find them. No draws: the whole vocabulary.
struct SampledIds {
  std::vector<std::int32_t> ids;
  Index draws = 0;
  Index vocabulary = 0;

  /// ln of the expected number of times that `id` is in such a set, 1 - (1 - q)^draws; 0 for the whole vocabulary.
  double log_expected_count(std::int32_t id) const;
};

double log_uniform_probability(std::int32_t id, Index vocabulary);

/// One draw: number `draw` of a step.
std::int32_t draw_log_uniform(const RandomStream& stream, Index step, Index draw, Index vocabulary);

/// Draws until `count` distinct ids are found; the whole vocabulary where count >= vocabulary.
SampledIds sample_log_uniform(const RandomStream& stream, Index step, Index count, Index vocabulary);

}  // namespace moelm
