// Distances between words, and the suggestion that a typing error gets.
#include "base/nearest.hpp"

#include "support/catch.hpp"

using namespace moelm;

TEST_CASE("the distance counts insertions, deletions, replacements and swaps") {
  REQUIRE(edit_distance("", "") == 0);
  REQUIRE(edit_distance("abc", "") == 3);
  REQUIRE(edit_distance("kitten", "sitting") == 3);
  REQUIRE(edit_distance("warmpu", "warmup") == 1);
}

TEST_CASE("the nearest candidate is suggested, a far one only when asked for") {
  const std::vector<std::string> keys = {"train.lr", "train.seed", "model.dropout"};
  REQUIRE(nearest("train.sed", keys) == "train.seed");
  REQUIRE(near_miss("model.droput", keys) == "model.dropout");
  REQUIRE(near_miss("xyzzy.and.more", keys).empty());
  REQUIRE(nearest("a", {}).empty());
  REQUIRE(near_miss(std::string(100000, 'x'), keys).empty());
}
