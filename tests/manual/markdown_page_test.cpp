// Documents become manual pages without losing anything that they say.
#include "manual/markdown_page.hpp"

#include "base/error.hpp"
#include "manual/inline_markdown.hpp"
#include "support/catch.hpp"

using namespace moelm;

namespace {

constexpr const char* kDocument = R"(# Files

Before all
sections.

## First

.hidden `files`, see [there](other.md).

    a-code  line

    another

- one
  goes on
- two
1. number

| key | unit | meaning |
|---|---|---|
| `a \| b` | | *first* |
| c | ms | second |

## Second

### Part

Text.
)";

std::string body(const PageContents& contents) {
  const std::string page = markdown_page(kDocument, contents);
  return page.substr(page.find(".SH DESCRIPTION\n") + 16);
}

}  // namespace

TEST_CASE("inline marks become fonts; other characters stay") {
  CHECK(inline_markdown("`a-b` **bold `x`** *it* 2 * 3 * 4") ==
        "\\fBa\\-b\\fR \\fBbold \\fBx\\fR\\fR \\fIit\\fR 2 * 3 * 4");
  CHECK(inline_markdown("[E] and [link](a.md), open `tick") == "[E] and link, open \\(gatick");
  CHECK(inline_markdown("[options.md](options.md)") == "\\fBmoelm\\-options\\fR(5)");
  CHECK(inline_markdown("`.x` .y") == "\\fB\\&.x\\fR .y");
}

TEST_CASE("one section is a page without its heading") {
  CHECK(body({"page", "a page", {"First"}, false}) ==
        "\\&.hidden \\fBfiles\\fR, see there.\n.PP\n.RS 2\n.nf\na\\-code  line\n\\&\nanother\n.fi\n.RE\n"
        ".IP \\(bu 2\none\ngoes on\n.IP \\(bu 2\ntwo\n.IP 1. 4\nnumber\n"
        ".TP\n\\fBa | b\\fR\n\\fIfirst\\fR\n.TP\nc\nsecond (unit: ms)\n");
}

TEST_CASE("the other sections keep their headings, and no text is lost") {
  CHECK(body({"page", "a page", {"First"}, true}) == "Before all\nsections.\n.SH Second\n.SS Part\nText.\n");
  const std::string all = body({"page", "a page", {}, false});
  for (const char* part : {"Before all", ".SH First", "another", ".SH Second"})
    CHECK(all.find(part) != std::string::npos);
}

TEST_CASE("a section that a page names must be there") {
  CHECK_THROWS_AS(body({"page", "a page", {"Third"}, false}), Error);
}
