// Widths and broken lines.
#include "terminal/terminal.hpp"

#include <cstdlib>

#include "support/catch.hpp"

using namespace moelm;

TEST_CASE("COLUMNS says how wide a line may be, if it is sensible") {
  ::setenv("COLUMNS", "61", 1);
  REQUIRE(terminal_columns(1) == 61);
  for (const char* text : {"", "0", "-5", "wide", "99999999999999999999"}) {
    ::setenv("COLUMNS", text, 1);
    REQUIRE(terminal_columns(-1) == 80);
  }
  ::unsetenv("COLUMNS");
  REQUIRE(terminal_columns(-1) == 80);
}

TEST_CASE("words are broken to a width") {
  REQUIRE(wrap_words("one two three", 80) == "one two three");
  REQUIRE(wrap_words("one  two\nthree four", 8) == "one  two\nthree\nfour");
  REQUIRE(wrap_words("one two three", 9, 2, 2) == "one two\n  three");
  REQUIRE(wrap_words("a incomprehensibilities b", 8) == "a\nincomprehensibilities\nb");
  REQUIRE(wrap_words("command --one 1 --two 2", 16, 4, 0, " \\") == "command --one \\\n    1 --two 2");
  REQUIRE(wrap_words("", 10).empty());
}
