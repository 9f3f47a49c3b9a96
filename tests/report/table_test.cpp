// Tables on a terminal: columns, not bytes, and cells that cannot act.
#include "report/table.hpp"

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

TEST_CASE("words of the last column go on below where a row would be too wide") {
  Table table;
  table.add_column("key", Align::left);
  table.add_column("meaning", Align::left);
  table.add_row({"train.lr", "the peak learning rate of a run"});
  table.add_row({"k", "short"});
  REQUIRE(table.str(0, 30) ==
          "key       meaning\n"
          "--------  --------------------\n"
          "train.lr  the peak learning\n"
          "          rate of a run\n"
          "k         short\n");
  REQUIRE(table.str() == table.str(0, 100));
}
