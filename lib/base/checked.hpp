// Sums and products of sizes from a command line or a file: an overflow is noticed.
#pragma once

#include <limits>
#include <optional>

#include "base/index.hpp"

namespace moelm {

/// a + b, or nothing if it does not fit.
constexpr std::optional<Index> checked_sum(Index a, Index b) {
  Index sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) return std::nullopt;
  return sum;
}

/// a b, or nothing if it does not fit.
constexpr std::optional<Index> checked_product(Index a, Index b) {
  Index product = 0;
  if (__builtin_mul_overflow(a, b, &product)) return std::nullopt;
  return product;
}

/// a b of numbers that are not negative, or the greatest index where it does not fit: to be compared with a limit.
constexpr Index product_at_most(Index a, Index b) {
  return checked_product(a, b).value_or(std::numeric_limits<Index>::max());
}

}  // namespace moelm
