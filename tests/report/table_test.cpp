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
