// Lines one by one, of which a long one takes no memory.
#include "text/bounded_lines.hpp"

#include <vector>

#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

using namespace moelm;

namespace {

/// Every line, "!" for one that is too long.
std::vector<std::string> lines_of(const std::string& text, std::size_t max_bytes) {
  const TemporaryDirectory directory;
  put_file(directory / "text", text);
  TextSource source = TextSource::open(directory / "text");
  BoundedLines lines(source, max_bytes);
  std::vector<std::string> found;
  while (const auto line = lines.next()) {
    found.push_back(lines.too_long() ? "!" : std::string(*line));
    REQUIRE(lines.number() == static_cast<Index>(found.size()));
    if (lines.too_long()) REQUIRE(line->empty());
  }
  REQUIRE_FALSE(lines.next());
  return found;
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("lines are those between line ends, with or without a last one") {
  REQUIRE(lines_of("\n", 5) == Lines{""});
  REQUIRE(lines_of("a\n\nb", 5) == Lines{"a", "", "b"});
  REQUIRE(lines_of("a\r\nb\n", 5) == Lines{"a\r", "b"});
}

TEST_CASE("a line that is too long is said and left out, wherever it ends") {
  REQUIRE(lines_of("12345\n123456\n1\n", 5) == Lines{"12345", "!", "1"});
  REQUIRE(lines_of("123456", 5) == Lines{"!"});
  const std::string big(300'000, 'x');  // several times what is read at once
  REQUIRE(lines_of("a\n" + big + "\nb\n" + big, 100) == Lines{"a", "!", "b", "!"});
  REQUIRE(lines_of(big + "\nb", 300'000) == Lines{big, "b"});
}
