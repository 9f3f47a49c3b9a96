// Counter-based random numbers: a number is a function of its coordinates, so any split of the work draws the same.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/index.hpp"

namespace moelm {

/// Ten rounds of Philox 4x32 (Salmon et al. 2011): 128 counter bits under a 64-bit key to 128 random bits.
std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key);

/// Where the numbers of one row of a stream come from: four of them from the counter with its block in word 0.
struct PhiloxRow {
  std::array<std::uint32_t, 2> key;
  std::array<std::uint32_t, 4> counter;
};

/// Named stream of independent numbers, addressed by (step, row, column). Copyable, stateless, thread-safe.
class RandomStream {
 public:
  /// `name` says what the numbers are for ("dropout", "gate-noise", "init", ...), `layer` which layer they belong to.
  RandomStream(std::uint64_t seed, std::string_view name, Index layer);

  /// The four 32-bit numbers of columns 4*block ... 4*block+3.
  std::array<std::uint32_t, 4> bits(Index step, Index row, Index block) const;

  /// For kernels that draw the first 2^32 blocks of a row themselves.
  PhiloxRow row(Index step, Index row) const;

  /// Uniform in [0, 1), 24 bits.
  float uniform(Index step, Index row, Index column) const;

  /// The same of columns 0 ... out.size() - 1.
  void uniforms(Index step, Index row, std::span<float> out) const;

  /// Standard normal (Box-Muller over pairs of columns).
  float normal(Index step, Index row, Index column) const;

  /// Standard normals of columns first ... first + count - 1.
  void normals(Index step, Index row, Index first, Index count, float* out) const;

 private:
  std::array<std::uint32_t, 2> key_;
};

}  // namespace moelm
