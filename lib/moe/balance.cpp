#include "moe/balance.hpp"

#include <algorithm>
#include <cmath>

namespace moelm {

namespace {

struct Moments {
  double mean = 0, variance = 0;
};

Moments moments(std::span<const double> values) {
  const double n = static_cast<double>(values.size());
  Moments m;
  for (const double v : values) m.mean += v / n;
  for (const double v : values) m.variance += (v - m.mean) * (v - m.mean) / n;
  return m;
}

}  // namespace

double cv_squared(std::span<const double> values, double epsilon) {
  if (values.size() < 2) return 0;
  const Moments m = moments(values);
  return m.variance / (m.mean * m.mean + epsilon);
}

std::vector<double> cv_squared_gradient(std::span<const double> values, double weight, double epsilon) {
  std::vector<double> gradient(values.size(), 0.0);
  if (values.size() < 2) return gradient;
  const Moments m = moments(values);
  const double n = static_cast<double>(values.size()), square = m.mean * m.mean + epsilon;
  const double cv2 = m.variance / square;
  for (std::size_t i = 0; i < values.size(); ++i)
    gradient[i] = weight * 2 / (n * square) * ((values[i] - m.mean) - cv2 * m.mean);
  return gradient;
}

double coefficient_of_variation(std::span<const double> values) {
  if (values.empty()) return 0;
  const Moments m = moments(values);
  return m.mean == 0 ? 0 : std::sqrt(m.variance) / m.mean;
}

double max_over_mean(std::span<const double> values) {
  const double mean = values.empty() ? 0 : moments(values).mean;
  return mean == 0 ? 0 : *std::max_element(values.begin(), values.end()) / mean;
}

}  // namespace moelm
