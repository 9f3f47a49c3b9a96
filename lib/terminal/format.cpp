#include "terminal/format.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace moelm {
namespace {

template <class... Values>
std::string print(const char* pattern, Values... values) {
  std::array<char, 400> buffer{};  // the longest double in fixed notation has 310 digits
  std::snprintf(buffer.data(), buffer.size(), pattern, values...);
  return buffer.data();
}

}  // namespace

std::string format_fixed(double value, int decimals) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  return print("%.*f", decimals, value);
}

std::string format_measure(double value, int digits) {
  const double size = std::abs(value);
  if (!std::isfinite(value) || value == 0) return format_fixed(value, 0);
  if (size < 1e-4 || size >= 1e7) return print("%.*e", digits - 1, value);
  const int before = static_cast<int>(std::floor(std::log10(size))) + 1;
  return format_fixed(value, std::max(0, digits - before));
}

std::string format_percent(double share, int decimals) { return format_fixed(100 * share, decimals) + " %"; }

}  // namespace moelm
