#include "scale/expected_counts.hpp"

#include <algorithm>
#include <cmath>

#include "nn/log_uniform.hpp"

namespace moelm {

double expected_tokens(double rows, Index vocabulary) {
  double sum = 0;
  for (Index id = 0; id < vocabulary; ++id)
    sum -= std::expm1(rows * std::log1p(-log_uniform_probability(static_cast<std::int32_t>(id), vocabulary)));
  return sum;
}

double expected_experts(double rows, double k, double experts) {
  return experts * (1 - std::pow(1 - std::min(1.0, k / experts), rows));
}

}  // namespace moelm
