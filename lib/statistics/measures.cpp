#include "statistics/measures.hpp"

#include <cmath>
#include <numeric>

namespace moelm {

double jain_index(std::span<const double> values) {
  const double sum = std::accumulate(values.begin(), values.end(), 0.0);
  const double squares = std::inner_product(values.begin(), values.end(), values.begin(), 0.0);
  return squares == 0 ? 0 : sum * sum / (static_cast<double>(values.size()) * squares);
}

double entropy(std::span<const double> values) {
  const double sum = std::accumulate(values.begin(), values.end(), 0.0);
  double total = 0;
  for (const double v : values)
    if (v > 0) total -= v / sum * std::log(v / sum);
  return total;
}

}  // namespace moelm
