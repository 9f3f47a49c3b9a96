// Where the end of a text is held back: at lines, within long lines, within limits, in little memory.
#include "data/split_marks.hpp"

#include "support/catch.hpp"

using namespace moelm;

namespace {

/// A text of lines of `size` tokens, a byte each.
std::vector<TextMark> lines_of(Index count, Index size) {
  TextMarks marks;
  for (Index i = 1; i <= count; ++i) marks.add({i * size, i * size, i, true});
  return marks.finish();
}

}  // namespace

TEST_CASE("marks are few and dense enough near the end") {
  const auto marks = lines_of(3'000'000, 7);
  CHECK(marks.size() < 4000);
  CHECK(marks.back().tokens == 21'000'000);
  for (std::size_t i = 0; i + 1 < marks.size(); ++i) {
    const Index distance = 21'000'000 - marks[i].tokens;
    REQUIRE(marks[i + 1].tokens - marks[i].tokens <= distance / 32 + 7);
  }
}

TEST_CASE("whole lines of at least what is wanted are held back") {
  const auto marks = lines_of(100, 10);
  const auto begin = held_back_begin(marks, marks.back(), 50, 1000);
  REQUIRE(begin);
  CHECK(begin->tokens == 950);
  CHECK(begin->lines == 95);
  CHECK(held_back_begin(marks, marks.back(), 51, 1000)->tokens == 940);
  CHECK(held_back_begin(marks, marks.back(), 1, 1000)->tokens == 990);
  CHECK(held_back_begin(marks, marks.back(), 51, 55)->tokens == 950);
  CHECK_FALSE(held_back_begin(marks, marks.back(), 5, 9));
  CHECK(held_back_begin(marks, *begin, 50, 1000)->tokens == 900);
  CHECK(held_back_begin(marks, marks.back(), 500, 1000, 960)->tokens == 960);
}

TEST_CASE("never more than a third of the text") {
  const auto marks = lines_of(3, 10);
  CHECK(held_back_begin(marks, marks.back(), 1, 1000)->tokens == 20);
  CHECK_FALSE(held_back_begin(lines_of(2, 10), {20, 20, 2, true}, 1, 1000));
  CHECK_FALSE(held_back_begin({}, {0, 0, 0, false}, 1, 1000));
}

TEST_CASE("a long line is cut within") {
  TextMarks collected;
  for (Index i = 1; i < 1000; ++i) collected.add({i * 10, i * 2, 0, false});
  collected.add({10'000, 2000, 1, true});
  const auto& marks = collected.finish();
  const auto begin = held_back_begin(marks, marks.back(), 100, 500);
  REQUIRE(begin);
  CHECK_FALSE(begin->line_end);
  CHECK(begin->tokens >= 1900);
  CHECK(begin->tokens <= 1904);
}
