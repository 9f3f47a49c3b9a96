#include "report/measures.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace moelm {
namespace {

double mean(std::span<const double> values) {
  if (values.empty()) return 0;
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

}  // namespace

double coefficient_of_variation(std::span<const double> values) {
  const double average = mean(values);
  if (average == 0) return 0;
  double squares = 0;
  for (const double v : values) squares += (v - average) * (v - average);
  return std::sqrt(squares / static_cast<double>(values.size())) / average;
}

double max_over_mean(std::span<const double> values) {
  const double average = mean(values);
  return average == 0 ? 0 : *std::max_element(values.begin(), values.end()) / average;
}

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
