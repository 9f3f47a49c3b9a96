#include "base/random.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace moelm {

namespace {

constexpr float kUnit24 = 1.0f / 16777216.0f;

float to_uniform(std::uint32_t bits) { return static_cast<float>(bits >> 8) * kUnit24; }

/// 64-bit FNV-1a followed by the finaliser of MurmurHash3: spreads seed, name and layer over the key.
std::uint64_t hash_key(std::uint64_t seed, std::string_view name, Index layer) {
  std::uint64_t h = 0xcbf29ce484222325ull;
  const auto absorb = [&h](std::uint64_t byte) { h = (h ^ (byte & 0xff)) * 0x100000001b3ull; };
  for (int i = 0; i < 8; ++i) absorb(seed >> (8 * i));
  for (const char c : name) absorb(static_cast<unsigned char>(c));
  for (int i = 0; i < 8; ++i) absorb(static_cast<std::uint64_t>(layer) >> (8 * i));
  h = (h ^ (h >> 33)) * 0xff51afd7ed558ccdull;
  h = (h ^ (h >> 33)) * 0xc4ceb9fe1a85ec53ull;
  return h ^ (h >> 33);
}

/// Box-Muller: two uniform numbers to two independent standard normals.
std::array<float, 2> box_muller(std::uint32_t a, std::uint32_t b) {
  const float radius = std::sqrt(-2.0f * std::log(1.0f - to_uniform(a)));
  const float angle = 2.0f * std::numbers::pi_v<float> * to_uniform(b);
  return {radius * std::cos(angle), radius * std::sin(angle)};
}

}  // namespace

std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> c, std::array<std::uint32_t, 2> k) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t p0 = 0xD2511F53ull * c[0];
    const std::uint64_t p1 = 0xCD9E8D57ull * c[2];
    c = {static_cast<std::uint32_t>(p1 >> 32) ^ c[1] ^ k[0], static_cast<std::uint32_t>(p1),
         static_cast<std::uint32_t>(p0 >> 32) ^ c[3] ^ k[1], static_cast<std::uint32_t>(p0)};
    k[0] += 0x9E3779B9u;
    k[1] += 0xBB67AE85u;
  }
  return c;
}

RandomStream::RandomStream(std::uint64_t seed, std::string_view name, Index layer) {
  const std::uint64_t key = hash_key(seed, name, layer);
  key_ = {static_cast<std::uint32_t>(key), static_cast<std::uint32_t>(key >> 32)};
}

std::array<std::uint32_t, 4> RandomStream::bits(Index step, Index row, Index block) const {
  // 40 bits of step, 44 of row and 44 of block: more than any run reaches.
  const auto s = static_cast<std::uint64_t>(step), r = static_cast<std::uint64_t>(row),
             b = static_cast<std::uint64_t>(block);
  return philox4x32({static_cast<std::uint32_t>(b), static_cast<std::uint32_t>(r), static_cast<std::uint32_t>(s),
                     static_cast<std::uint32_t>((b >> 32 & 0xfff) | (r >> 32 & 0xfff) << 12 | (s >> 32 & 0xff) << 24)},
                    key_);
}

PhiloxRow RandomStream::row(Index step, Index row) const {
  const auto s = static_cast<std::uint64_t>(step), r = static_cast<std::uint64_t>(row);
  return {key_,
          {0, static_cast<std::uint32_t>(r), static_cast<std::uint32_t>(s),
           static_cast<std::uint32_t>((r >> 32 & 0xfff) << 12 | (s >> 32 & 0xff) << 24)}};
}

float RandomStream::uniform(Index step, Index row, Index column) const {
  return to_uniform(bits(step, row, column / 4)[static_cast<std::size_t>(column % 4)]);
}

void RandomStream::uniforms(Index step, Index row, std::span<float> out) const {
  for (std::size_t j = 0; j < out.size(); j += 4) {
    const auto four = bits(step, row, static_cast<Index>(j / 4));
    for (std::size_t u = 0; u < std::min<std::size_t>(4, out.size() - j); ++u) out[j + u] = to_uniform(four[u]);
  }
}

float RandomStream::normal(Index step, Index row, Index column) const {
  const auto b = bits(step, row, column / 4);
  const std::size_t pair = static_cast<std::size_t>(column % 4 / 2) * 2;
  return box_muller(b[pair], b[pair + 1])[static_cast<std::size_t>(column % 2)];
}

void RandomStream::normals(Index step, Index row, Index first, Index count, float* out) const {
  for (Index column = first, end = first + count; column < end;) {
    const auto b = bits(step, row, column / 4);
    const auto low = box_muller(b[0], b[1]), high = box_muller(b[2], b[3]);
    const std::array<float, 4> four = {low[0], low[1], high[0], high[1]};
    const Index within = column % 4, taken = std::min<Index>(4 - within, end - column);
    out = std::copy_n(four.begin() + within, taken, out);
    column += taken;
  }
}

}  // namespace moelm
