// Tables on a terminal: aligned by display width, with escaped cells.
#include "terminal/table.hpp"

#include "support/catch.hpp"

using namespace moelm;

TEST_CASE("tables align by columns and escape their cells") {
  Table table;
  table.add_column("token", Align::left, 8);
  table.add_column("n");
  table.add_row({"na\xc3\xafve", "5"});
  table.add_row({"\x1b[31mred", "12,345"});
  CHECK(table.str(1) ==
        " token          n\n"
        " --------  ------\n"
        " na\xc3\xafve          5\n"
        " \\u{1b}[\xe2\x80\xa6  12,345\n");
}

TEST_CASE("a row that is too wide continues its last column below") {
  Table table;
  table.add_column("key", Align::left);
  table.add_column("meaning", Align::left);
  table.add_row({"train.lr", "the peak learning rate of a run"});
  table.add_row({"k", "short"});
  REQUIRE(table.wrapped(0, 30) ==
          "key       meaning\n"
          "--------  --------------------\n"
          "train.lr  the peak learning\n"
          "          rate of a run\n"
          "k         short\n");
  REQUIRE(table.str() == table.wrapped(0, 100));
}

TEST_CASE("a table that is too wide shortens its widest text columns and keeps its numbers") {
  Table table;
  table.add_column("class", Align::left);
  table.add_column("n");
  table.add_column("words", Align::left);
  table.add_row({"punctuation", "1,234,567", "of the and that in he shall"});
  CHECK(table.str(0, 80).find("of the and that in he shall") != std::string::npos);
  CHECK(table.str(2, 36) ==
        "  class                n  words\n"
        "  -----------  ---------  ----------\n"
        "  punctuation  1,234,567  of the an\u2026\n");
  CHECK(table.str(0, 10).find("1,234,567") != std::string::npos);
}
