// The k greatest in order, ties to the lower index, NaN last.
#include "ops/topk.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "support/catch.hpp"
#include "support/random_matrix.hpp"

using namespace moelm;

TEST_CASE("top-k equals a stable sort") {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const Index n = 1 + static_cast<Index>(seed % 23);
    Matrix x = random_matrix(1, n, seed);
    for (float& v : x.values()) v = std::round(v * 2);  // many ties
    std::vector<std::int32_t> order(static_cast<std::size_t>(n));
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return x(0, a) > x(0, b); });
    for (std::size_t k = 1; k <= order.size(); ++k) {
      std::vector<std::int32_t> chosen(k);
      top_k(x.values(), chosen);
      REQUIRE(std::equal(chosen.begin(), chosen.end(), order.begin()));
    }
  }
}

TEST_CASE("a NaN is never chosen before a number") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> values = {nan, 1, nan, 3};
  std::vector<std::int32_t> chosen(2);
  top_k(values, chosen);
  REQUIRE(chosen == std::vector<std::int32_t>{3, 1});
}
