// Packed integers and line ends: what was added is read back anywhere.
#include <algorithm>
#include <random>

#include "statistics/line_ends.hpp"
#include "statistics/packed_integers.hpp"
#include "support/catch.hpp"

using namespace moelm;

TEST_CASE("packed integers are read back at any place, in any order") {
  std::mt19937 random(1);
  PackedIntegers packed;
  std::vector<std::int32_t> plain;
  CHECK(packed.empty());
  for (int i = 0; i < 300'000; ++i) {
    const std::int32_t value = i < 70'000 ? 7 : i % 1000 == 0 ? -1 : static_cast<std::int32_t>(random() % 50'000);
    packed.push_back(value);
    plain.push_back(value);
  }
  REQUIRE(packed.size() == 300'000);
  Index wrong = 0;
  for (int i = 0; i < 20'000; ++i) {
    const auto at = static_cast<Index>(random() % 300'000);
    wrong += packed[at] != plain[at];
  }
  CHECK(wrong == 0);
  for (const auto& [begin, count] :
       std::vector<std::pair<Index, Index>>{{0, 300'000}, {32'767, 2}, {299'999, 1}, {5, 0}}) {
    std::vector<std::int32_t> part(count);
    packed.read(begin, count, part.data());
    CHECK(std::equal(part.begin(), part.end(), plain.begin() + begin));
  }
  CHECK_THROWS_AS(packed[300'000], std::logic_error);
}

TEST_CASE("what repeats without end takes no memory, ordinary tokens at most half of four bytes each") {
  PackedIntegers same, words;
  std::mt19937 random(2);
  std::geometric_distribution<std::int32_t> rank(0.001);
  for (Index i = 0; i < 10'000'000; ++i) same.push_back(3);
  for (Index i = 0; i < 1'000'000; ++i) words.push_back(rank(random));
  CHECK(same.bytes() < 100'000);
  CHECK(words.bytes() < 2'200'000);
}

TEST_CASE("line ends: the line of a token, forwards, backwards and far away") {
  std::mt19937 random(3);
  LineEnds ends;
  std::vector<Index> plain;
  Index end = 0;
  for (int line = 0; line < 20'000; ++line) {
    end += 1 + static_cast<Index>(random() % (line % 100 == 0 ? 5000 : 12));
    ends.push_back(end);
    plain.push_back(end);
  }
  REQUIRE(ends.size() == 20'000);
  REQUIRE(ends.back() == end);
  const auto expected = [&](Index token) {
    return static_cast<Index>(std::upper_bound(plain.begin(), plain.end(), token) - plain.begin());
  };
  Index wrong = 0;
  for (int i = 0; i < 5000; ++i) {
    const auto token = static_cast<Index>(random() % static_cast<unsigned>(end + 10));
    for (Index near = token; near < token + 5; ++near) wrong += ends.line_of(near) != expected(near);
    const auto line = static_cast<Index>(random() % 20'000);
    wrong += ends[line] != plain[line];
  }
  for (Index token = 0; token < 40'000; ++token) wrong += ends.line_of(token) != expected(token);
  for (Index line = 0; line < 20'000; ++line) wrong += ends[line] != plain[line];
  CHECK(wrong == 0);
  CHECK(LineEnds().line_of(0) == 0);
}
