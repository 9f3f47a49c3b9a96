// Whether a number is finite, told by its bits: no compiler option (-ffast-math) can turn the question away.
#pragma once

#include <bit>
#include <cstdint>

namespace moelm {

/// A number is not finite when all bits of its exponent are set.
constexpr bool is_finite(double x) {
  constexpr std::uint64_t kExponent = 0x7ff0'0000'0000'0000;
  return (std::bit_cast<std::uint64_t>(x) & kExponent) != kExponent;
}

constexpr bool is_finite(float x) {
  constexpr std::uint32_t kExponent = 0x7f80'0000;
  return (std::bit_cast<std::uint32_t>(x) & kExponent) != kExponent;
}

}  // namespace moelm
