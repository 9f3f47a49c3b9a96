// Part of kernels_body.hpp, inside its namespace: random numbers of a row, 16 blocks of four at a time. They are those
// of base/random.hpp; normal numbers to rounding.

constexpr Index kBlocks = 16;

/// Philox 4x32: number u of block `first` + l is out[u][l].
inline void philox_blocks(const PhiloxRow& row, std::uint32_t first, std::uint32_t (&out)[4][kBlocks]) {
  const std::uint32_t* key = row.key.data();
  const std::uint32_t* counter = row.counter.data();
#pragma omp simd
  for (Index l = 0; l < kBlocks; ++l) {
    std::uint32_t c0 = first + static_cast<std::uint32_t>(l), c1 = counter[1], c2 = counter[2], c3 = counter[3];
    std::uint32_t k0 = key[0], k1 = key[1];
    for (int round = 0; round < 10; ++round) {
      const std::uint64_t p0 = std::uint64_t{0xD2511F53} * c0, p1 = std::uint64_t{0xCD9E8D57} * c2;
      c0 = static_cast<std::uint32_t>(p1 >> 32) ^ c1 ^ k0;
      c1 = static_cast<std::uint32_t>(p1);
      c2 = static_cast<std::uint32_t>(p0 >> 32) ^ c3 ^ k1;
      c3 = static_cast<std::uint32_t>(p0);
      k0 += 0x9E3779B9u;
      k1 += 0xBB67AE85u;
    }
    out[0][l] = c0;
    out[1][l] = c1;
    out[2][l] = c2;
    out[3][l] = c3;
  }
}

void dropout(Index n, const PhiloxRow& row, std::uint32_t threshold, float keep, float* x) {
  for (Index begin = 0; begin < n; begin += 4 * kBlocks) {
    std::uint32_t bits[4][kBlocks];
    philox_blocks(row, static_cast<std::uint32_t>(begin / 4), bits);
    const Index count = n - begin < 4 * kBlocks ? n - begin : 4 * kBlocks;
    for (Index j = 0; j < count; ++j) x[begin + j] *= bits[j % 4][j / 4] < threshold ? 0.0f : keep;
  }
}

/// ln x of a normal number x > 0: of its mantissa m by 2 artanh((m - 1) / (m + 1)), |argument| < 0.172.
inline float log_element(float x) {
  std::int32_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  const std::int32_t shifted = bits - 0x3f3504f3;  // sqrt(1/2)
  const std::int32_t exponent = shifted >> 23;
  const float f = bits_to_float((shifted & 0x007fffff) + 0x3f3504f3) - 1.0f;
  const float s = f / (2.0f + f), q = s * s;
  const float series = q * (0.333333333f + q * (0.2f + q * (0.142857143f + q * (0.111111111f + q * 0.0909090909f))));
  return static_cast<float>(exponent) * 0.693147181f + 2.0f * (s + s * series);
}

/// Box-Muller of two 32-bit numbers.
inline void normal_pair(std::uint32_t a, std::uint32_t b, float& first, float& second) {
  constexpr float kUnit = 1.0f / 16777216.0f, kTwoPi = 6.28318531f;
  const float radius = __builtin_sqrtf(-2.0f * log_element(1.0f - static_cast<float>(a >> 8) * kUnit));
  const float turn = static_cast<float>(b >> 8) * kUnit;
  const auto quarter = static_cast<std::int32_t>(turn * 4.0f + 0.5f);
  const float x = (turn - static_cast<float>(quarter) * 0.25f) * kTwoPi, q = x * x;
  const float sine = x + x * q * (-0.166666667f + q * (8.33333333e-3f + q * (-1.98412698e-4f + q * 2.75573192e-6f)));
  const float cosine = 1.0f + q * (-0.5f + q * (4.16666667e-2f + q * (-1.38888889e-3f + q * 2.48015873e-5f)));
  const float c = (quarter & 1) != 0 ? -sine : cosine, s = (quarter & 1) != 0 ? cosine : sine;
  const float sign = (quarter & 2) != 0 ? -1.0f : 1.0f;
  first = radius * (sign * c);
  second = radius * (sign * s);
}

void normals(Index first, Index n, const PhiloxRow& row, float* out) {
  const Index end = first + n;
  for (Index begin = first / 4 * 4; begin < end; begin += 4 * kBlocks) {
    std::uint32_t bits[4][kBlocks];
    philox_blocks(row, static_cast<std::uint32_t>(begin / 4), bits);
    float z[4][kBlocks];
#pragma omp simd
    for (Index l = 0; l < kBlocks; ++l) {
      normal_pair(bits[0][l], bits[1][l], z[0][l], z[1][l]);
      normal_pair(bits[2][l], bits[3][l], z[2][l], z[3][l]);
    }
    const Index from = begin > first ? begin : first;
    const Index to = begin + 4 * kBlocks < end ? begin + 4 * kBlocks : end;
    for (Index j = from; j < to; ++j) out[j - first] = z[(j - begin) % 4][(j - begin) / 4];
  }
}
