// bfloat16 numbers one at a time: the definition that the vector kernels repeat.
#pragma once

#include <cstdint>
#include <cstring>

#include "base/data_type.hpp"

namespace moelm {

/// The nearest bfloat16, ties to even; NaN stays NaN, and what is greater than the greatest becomes infinite.
inline Bf16 to_bf16(float x) {
  std::uint32_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return static_cast<Bf16>(bits >> 16 | 0x40u);
  return static_cast<Bf16>((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}

inline float from_bf16(Bf16 x) {
  const std::uint32_t bits = static_cast<std::uint32_t>(x) << 16;
  float out;
  std::memcpy(&out, &bits, sizeof out);
  return out;
}

/// The single-precision number that to_bf16 keeps of x.
inline float round_to_bf16(float x) { return from_bf16(to_bf16(x)); }

}  // namespace moelm
