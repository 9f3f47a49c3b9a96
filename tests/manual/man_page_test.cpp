// The manual page of a command has all that it declares, and nothing in it acts on roff.
#include "common/man_page.hpp"

#include "common/roff.hpp"
#include "manual/declared_command.hpp"
#include "support/catch.hpp"

using namespace moelm;

TEST_CASE("what acts on roff is escaped") {
  CHECK(roff("a-b \\n ~^`") == "a\\-b \\en \\(ti\\(ha\\(ga");
  CHECK(roff(".TH\n'x") == "\\&.TH\n\\&\\(aqx");
}

TEST_CASE("a page has every option, exit code and example of its command") {
  const std::string page = man_page(declared_command());
  for (const char* part :
       {".TH MOE\\-SAMPLE 1", "moe\\-sample \\- does \\(aqthis\\(aq\n", "\\fB\\-q\\fR, \\fB\\-\\-quiet\\fR\n",
        "\\fB\\-\\-data\\fR, \\fB\\-\\-folder\\fR \\fIDIR\\fR\n", "\\&.txt or \\eN\n", "\n\\fI[FILE]\\fR\na text\n",
        ".SH EXIT STATUS\n", "\n65\nbad data\n", "\\fBmoe\\-sample \\-\\-data d \\(aqa b\\(aq\\fR\nreads it\n"}) {
    INFO(part << " in " << page);
    CHECK(page.find(part) != std::string::npos);
  }
}
