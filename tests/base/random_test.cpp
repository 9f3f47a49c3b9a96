// The generator equals its published test vectors, and streams are uniform, normal and distinct.
#include "base/random.hpp"

#include <cmath>
#include <vector>

#include "support/catch.hpp"

using namespace moelm;

TEST_CASE("Philox 4x32-10 equals the known answers of Random123") {
  using Four = std::array<std::uint32_t, 4>;
  REQUIRE(philox4x32({0, 0, 0, 0}, {0, 0}) == Four{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  REQUIRE(philox4x32({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}) ==
          Four{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  REQUIRE(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
          Four{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("normals have the moments of the standard normal and do not depend on how they are drawn") {
  const RandomStream stream(7, "gate-noise", 2);
  std::vector<float> row(1001);
  double sum = 0, squares = 0, cubes = 0;
  for (Index r = 0; r < 200; ++r) {
    stream.normals(3, r, 0, 1001, row.data());
    for (Index c = 0; c < 1001; ++c) {
      const double z = row[static_cast<std::size_t>(c)];
      sum += z, squares += z * z, cubes += z * z * z;
    }
    REQUIRE(stream.normal(3, r, 517) == row[517]);
    REQUIRE(stream.normal(3, r, 1000) == row[1000]);
  }
  for (Index first = 0; first < 9; ++first) {
    std::vector<float> part(7);
    stream.normals(3, 5, first, 7, part.data());
    for (Index c = 0; c < 7; ++c) REQUIRE(part[static_cast<std::size_t>(c)] == stream.normal(3, 5, first + c));
  }
  const double n = 200 * 1001;
  REQUIRE(std::abs(sum / n) < 4 / std::sqrt(n));
  REQUIRE(std::abs(squares / n - 1) < 4 * std::sqrt(2 / n));
  REQUIRE(std::abs(cubes / n) < 4 * std::sqrt(15 / n));
}

TEST_CASE("seed, name, layer, step, row and column each change the number") {
  const float base = RandomStream(1, "dropout", 0).uniform(0, 0, 0);
  REQUIRE(RandomStream(2, "dropout", 0).uniform(0, 0, 0) != base);
  REQUIRE(RandomStream(1, "init", 0).uniform(0, 0, 0) != base);
  REQUIRE(RandomStream(1, "dropout", 1).uniform(0, 0, 0) != base);
  REQUIRE(RandomStream(1, "dropout", 0).uniform(1, 0, 0) != base);
  REQUIRE(RandomStream(1, "dropout", 0).uniform(0, 1, 0) != base);
  REQUIRE(RandomStream(1, "dropout", 0).uniform(0, 0, 1) != base);
}
