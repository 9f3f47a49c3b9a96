// Comparison of a tensor with its expected values, relative to the greatest of them.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <sstream>
#include <string>

#include "base/index.hpp"

namespace moelm {

constexpr double kCloseTolerance = 1e-5;

/// "" if max |actual - expected| <= tolerance * max |expected|; otherwise the name, and index and both values of the
/// worst element. A NaN is never close.
template <class Actual, class Expected>
std::string mismatch(const std::string& name, const Actual& actual, const Expected& expected,
                     double tolerance = kCloseTolerance) {
  std::ostringstream text;
  text.precision(9);
  if (std::size(actual) != std::size(expected)) {
    text << name << ": " << std::size(actual) << " values, expected " << std::size(expected);
    return text.str();
  }
  double greatest = 0, worst = 0;
  std::size_t place = 0;
  for (std::size_t i = 0; i < std::size(actual); ++i) {
    const double difference = std::abs(static_cast<double>(actual[i]) - static_cast<double>(expected[i]));
    greatest = std::max(greatest, std::abs(static_cast<double>(expected[i])));
    if (!(difference <= worst)) {
      worst = difference;
      place = i;
      if (std::isnan(difference)) break;
    }
  }
  if (worst <= tolerance * greatest) return "";
  text << name << "[" << place << "]: " << actual[place] << ", expected " << expected[place] << " (greatest "
       << greatest << ")";
  return text.str();
}

}  // namespace moelm
