// The vector kernels that pack matrices give the bits of the plain ones, and these are what they say.
#include "ops/pack_kernels.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "support/catch.hpp"
#include "support/random_matrix.hpp"

using namespace moelm;

namespace {

template <class T>
bool same(const std::vector<T>& a, const std::vector<T>& b) {
  return std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

/// Numbers with everything that rounding has to get right: ties, overflow, tiny ones, signs, NaN.
Matrix awkward(Index rows, Index cols) {
  Matrix m = random_matrix(rows, cols, 7);
  const float odd[] = {0.0f,
                       -0.0f,
                       1.00390625f,
                       1.01171875f,
                       -1.00390625f,
                       std::numeric_limits<float>::max(),
                       -std::numeric_limits<float>::max(),
                       std::numeric_limits<float>::denorm_min(),
                       std::numeric_limits<float>::infinity(),
                       std::numeric_limits<float>::quiet_NaN()};
  for (std::size_t i = 0; i < std::size(odd) && static_cast<Index>(3 * i) < m.size(); ++i) m.data()[3 * i] = odd[i];
  return m;
}

}  // namespace

TEST_CASE("bfloat16 rounds to nearest, ties to even, and keeps what is not finite") {
  REQUIRE(round_to_bf16(1.00390625f) == 1.0f);        // halfway, down to even
  REQUIRE(round_to_bf16(1.01171875f) == 1.015625f);   // halfway, up to even
  REQUIRE(round_to_bf16(1.00390637f) == 1.0078125f);  // just above halfway
  REQUIRE(round_to_bf16(-2.5f) == -2.5f);
  REQUIRE(std::isinf(round_to_bf16(std::numeric_limits<float>::max())));
  REQUIRE(std::isnan(round_to_bf16(std::numeric_limits<float>::quiet_NaN())));
  REQUIRE(std::isnan(round_to_bf16(-std::numeric_limits<float>::signaling_NaN())));
}

TEST_CASE("vector kernels of packing equal the plain ones bit for bit at odd sizes") {
  const PackKernels &fast = pack_kernels(), &plain = plain_pack_kernels();
  for (const Index rows : {1, 2, 15, 16, 17, 31, 33, 64, 70})
    for (const Index columns : {1, 5, 16, 31, 33, 63, 64}) {
      CAPTURE(rows, columns);
      const Matrix m = awkward(rows, columns), across = awkward(columns, rows);
      std::vector<float> f(static_cast<std::size_t>(padded_rows(rows, kBlockRowsF32) * kBlockColumns), 9), g(f);
      std::vector<Bf16> h(static_cast<std::size_t>(padded_rows(rows, kBlockRowsBf16) * kBlockColumns), 9), i(h);
      fast.block_f32(rows, columns, across.data(), rows, f.data());
      plain.block_f32(rows, columns, across.data(), rows, g.data());
      REQUIRE(same(f, g));
      fast.block_bf16(rows, columns, across.data(), rows, h.data());
      plain.block_bf16(rows, columns, across.data(), rows, i.data());
      REQUIRE(same(h, i));
      const Index padded = padded_rows(rows, kBlockRowsBf16), size = padded * kBlockColumns;
      f.assign(static_cast<std::size_t>(size), 9), g = f;
      fast.rows_f32(rows, padded, columns, m.data(), columns, f.data(), size);
      plain.rows_f32(rows, padded, columns, m.data(), columns, g.data(), size);
      REQUIRE(same(f, g));
      h.assign(static_cast<std::size_t>(size), 9), i = h;
      fast.rows_bf16(rows, padded, columns, m.data(), columns, h.data(), size);
      plain.rows_bf16(rows, padded, columns, m.data(), columns, i.data(), size);
      REQUIRE(same(h, i));
      const Index stride = rows + 3;
      f.assign(static_cast<std::size_t>(columns * stride), 9), g = f;
      fast.transpose_f32(rows, columns, m.data(), columns, f.data(), stride);
      plain.transpose_f32(rows, columns, m.data(), columns, g.data(), stride);
      REQUIRE(same(f, g));
      h.assign(static_cast<std::size_t>(columns * stride), 9), i = h;
      fast.transpose_bf16(rows, columns, m.data(), columns, h.data(), stride);
      plain.transpose_bf16(rows, columns, m.data(), columns, i.data(), stride);
      REQUIRE(same(h, i));
      std::vector<Bf16> small(static_cast<std::size_t>(m.size()));
      plain.round(m.size(), m.data(), small.data());
      fast.transpose_rounded(rows, columns, small.data(), columns, h.data(), stride);
      plain.transpose_rounded(rows, columns, small.data(), columns, i.data(), stride);
      REQUIRE(same(h, i));
      f.assign(static_cast<std::size_t>(m.size()), 9), g = f;
      fast.widen(m.size(), small.data(), f.data());
      plain.widen(m.size(), small.data(), g.data());
      REQUIRE(same(f, g));
      std::vector<Bf16> drawn(small), drawn_plainly(small);
      REQUIRE(fast.round_stochastic(m.size(), 77, m.data(), drawn.data()) ==
              plain.round_stochastic(m.size(), 77, m.data(), drawn_plainly.data()));
      REQUIRE(same(drawn, drawn_plainly));
      std::vector<Bf16> image(static_cast<std::size_t>(size), 9), image_plainly(image);
      fast.rows_rounded(rows, padded, columns, small.data(), columns, image.data(), size);
      plain.rows_bf16(rows, padded, columns, m.data(), columns, image_plainly.data(), size);
      REQUIRE(same(image, image_plainly));
      plain.round(m.size(), across.data(), small.data());
      fast.block_rounded(rows, columns, small.data(), rows, image.data());
      plain.block_bf16(rows, columns, across.data(), rows, image_plainly.data());
      REQUIRE(same(image, image_plainly));
      plain.rows_rounded(rows, padded, columns, drawn.data(), columns, image.data(), size);
      fast.rows_rounded(rows, padded, columns, drawn.data(), columns, image_plainly.data(), size);
      REQUIRE(same(image, image_plainly));
      plain.block_rounded(rows, columns, small.data(), rows, image.data());
      fast.block_rounded(rows, columns, small.data(), rows, image_plainly.data());
      REQUIRE(same(image, image_plainly));
      const Matrix usual = random_matrix(rows, columns, 8);
      plain.round(m.size(), usual.data(), small.data());
      REQUIRE(fast.sum_bf16(m.size(), small.data()) == plain.sum_bf16(m.size(), small.data()));
      std::vector<Bf16> p(static_cast<std::size_t>(m.size())), q(p);
      fast.round(m.size(), m.data(), p.data());
      plain.round(m.size(), m.data(), q.data());
      REQUIRE(same(p, q));
      std::vector<float> s(static_cast<std::size_t>(m.size())), t(s);
      fast.round_wide(m.size(), m.data(), s.data());
      plain.round_wide(m.size(), m.data(), t.data());
      REQUIRE(same(s, t));
    }
}

TEST_CASE("rows and columns of B meet in the same blocks, in bfloat16 two rows interleaved") {
  const Matrix b = random_matrix(3, 70, 1);
  Matrix bt(70, 3);
  for (Index i = 0; i < 3; ++i)
    for (Index j = 0; j < 70; ++j) bt(j, i) = b(i, j);
  std::vector<float> f(2 * 16 * 64), g(f);
  plain_pack_kernels().rows_f32(3, 16, 70, b.data(), 70, f.data(), 16 * 64);
  plain_pack_kernels().block_f32(3, 64, bt.data(), 3, g.data());
  plain_pack_kernels().block_f32(3, 6, bt.row(64), 3, g.data() + 16 * 64);
  REQUIRE(same(f, g));
  REQUIRE(f[64 * 2 + 1] == b(2, 1));
  REQUIRE(f[16 * 64 + 64 * 2 + 1] == b(2, 65));
  std::vector<Bf16> h(2 * 32 * 64), i(h);
  plain_pack_kernels().rows_bf16(3, 32, 70, b.data(), 70, h.data(), 32 * 64);
  plain_pack_kernels().block_bf16(3, 64, bt.data(), 3, i.data());
  plain_pack_kernels().block_bf16(3, 6, bt.row(64), 3, i.data() + 32 * 64);
  REQUIRE(same(h, i));
  REQUIRE(h[3] == to_bf16(b(1, 1)));
  REQUIRE(h[128 + 2] == to_bf16(b(2, 1)));
  REQUIRE(h[128 + 3] == 0);
}

TEST_CASE("stochastic rounding tells of every number that is not finite, the rounded ones too") {
  const float greatest = std::numeric_limits<float>::max(), infinity = std::numeric_limits<float>::infinity();
  for (const Index n : {1, 15, 16, 17, 40})
    for (Index at = 0; at < n; ++at)
      for (const float bad : {infinity, -infinity, std::numeric_limits<float>::quiet_NaN()}) {
        std::vector<float> x(static_cast<std::size_t>(n), 1.5f);
        std::vector<Bf16> y(x.size());
        REQUIRE(pack_kernels().round_stochastic(n, 1, x.data(), y.data()));
        x[static_cast<std::size_t>(at)] = bad;
        REQUIRE_FALSE(pack_kernels().round_stochastic(n, 1, x.data(), y.data()));
        REQUIRE_FALSE(plain_pack_kernels().round_stochastic(n, 1, x.data(), y.data()));
      }
  // All bits of the mantissa are set: nearly every draw rounds up, to infinity.
  const std::vector<float> x(64, greatest);
  std::vector<Bf16> y(x.size());
  REQUIRE_FALSE(pack_kernels().round_stochastic(64, 1, x.data(), y.data()));
  REQUIRE_FALSE(plain_pack_kernels().round_stochastic(64, 1, x.data(), y.data()));
}

TEST_CASE("a row is rounded as it is within the whole, under its own key") {
  const Matrix m = random_matrix(5, 37, 3);
  std::vector<Bf16> whole(static_cast<std::size_t>(m.size())), by_row(whole.size());
  pack_kernels().round_stochastic(m.size(), 9, m.data(), whole.data());
  for (Index i = 0; i < m.rows(); ++i) {
    const Index first = i * m.cols();
    pack_kernels().round_stochastic(m.cols(), position_key(9, static_cast<std::uint32_t>(first)), m.row(i),
                                    by_row.data() + first);
  }
  REQUIRE(same(whole, by_row));
}

TEST_CASE("stochastic rounding is right on average and never further away than the next number") {
  constexpr int kDraws = 20000;
  for (const float x : {1.001f, -1.001f, 3.14159f, 1e-20f, -77.7f}) {
    const std::vector<float> same_number(kDraws, x);
    std::vector<Bf16> y(kDraws);
    pack_kernels().round_stochastic(kDraws, 5, same_number.data(), y.data());
    double sum = 0;
    float low = std::numeric_limits<float>::infinity(), high = -low;
    for (const Bf16 r : y) {
      sum += static_cast<double>(from_bf16(r));
      low = std::min(low, from_bf16(r));
      high = std::max(high, from_bf16(r));
    }
    const double gap = static_cast<double>(high) - static_cast<double>(low);
    CAPTURE(x, low, high);
    REQUIRE(low < x);
    REQUIRE(high > x);
    REQUIRE(gap <= std::abs(static_cast<double>(x)) / 64);
    REQUIRE(std::abs(sum / kDraws - static_cast<double>(x)) < 4 * 0.5 * gap / std::sqrt(double{kDraws}));
  }
}
