// Rows of tokens: what was written is read back, and everything else is refused with its place.
#include "comparison/token_rows.hpp"

#include <random>

#include "base/escape.hpp"
#include "base/unescape.hpp"
#include "evaluation/score_rows.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/gzip_bytes.hpp"
#include "support/hostile.hpp"
#include "support/temporary_directory.hpp"

using namespace moelm;

namespace {

struct RowsCase {
  TemporaryDirectory directory;
  std::string path = directory / "rows";

  TokenScores read(const std::string& text) const {
    put_file(path, text);
    return read_token_rows(path);
  }
  std::string refusal(const std::string& text) const {
    put_file(path, text);
    CHECK(error_exit([&] { read_token_rows(path); }) == Exit::bad_data);
    return error_text([&] { read_token_rows(path); });
  }
};

std::vector<std::string> odd_tokens() {
  return {"the",
          "</s>",
          "<unk>",
          "\n",
          " ",
          "\t",
          "\\",
          "\\n",
          "\"quoted\"",
          "\xff",
          "\xe2\x80\xae",
          "na\xc3\xafve",
          "\x1b[31m",
          "\\u{22}",
          "a\\x41",
          "\xc2\x85",
          "\xf3\xa0\x80\x81"};
}

}  // namespace

TEST_CASE("rows are read back as they were written, whatever the tokens are") {
  const RowsCase c;
  std::string text;
  std::vector<TokenRow> rows;
  for (const std::string& token : odd_tokens()) {
    rows.push_back({1 + static_cast<Index>(rows.size()) / 3,
                    1 + static_cast<Index>(rows.size()) % 3,
                    token,
                    0.25 + static_cast<double>(rows.size()),
                    false,
                    {}});
    append_token_row(rows.back(), false, text);
  }
  for (const std::string& stored : {text, gzip_bytes(text)}) {
    const TokenScores scores = c.read(stored);
    REQUIRE(scores.tokens() == static_cast<Index>(rows.size()));
    for (Index t = 0; t < scores.tokens(); ++t) {
      CHECK(scores.token(t) == rows[t].token);
      CHECK(scores.place(t) == TokenPlace{rows[t].line, rows[t].position});
      CHECK(scores.nll()[t] == Approx(rows[t].nll).epsilon(1e-8));
    }
    REQUIRE(scores.sources().size() == 1);
    CHECK(scores.sources()[0].end == scores.tokens());
  }
}

TEST_CASE("unescape_field undoes escape_field") {
  std::mt19937 random(1);
  for (int i = 0; i < 2000; ++i) {
    const std::string text = hostile_text(random);
    REQUIRE(unescape_field(escape_field(text)) == text);
  }
  for (const std::string& text : odd_tokens()) CHECK(unescape_field(escape_field(text)) == text);
  for (const std::string text :
       {"\\", "\\q", "\\x", "\\x4", "\\xzz", "\\u", "\\u{", "\\u{}", "\\u{d800}", "\\u{110000}", "\\u{41"})
    CHECK(unescape_field(text) == text);
}

TEST_CASE("a last row without a line end counts, and a certain token has no loss") {
  const TokenScores scores = RowsCase().read("1\t1\ta\t0\n1\t2\t</s>\t-1");
  REQUIRE(scores.tokens() == 2);
  CHECK(scores.nll()[0] == 0);
  CHECK(scores.nll()[1] == Approx(std::log(10.0)));
}

TEST_CASE("rows that are none are refused with their number, what was expected and what was found") {
  const RowsCase c;
  const std::string good = "1\t1\ta\t-1\n";
  CHECK(holds(c.refusal(good + "1\t2\tb\n"), c.path + ": row 2: expected line, position, token and log10 probability"));
  CHECK(holds(c.refusal(good + "1\t2\tb\n"), "found 3 fields: 1\t2\tb"));
  CHECK(holds(c.refusal(good + "\n"), "row 2"));
  CHECK(holds(c.refusal("{\"type\":\"token\"}\n"), "found 1 field"));
  CHECK(
      holds(c.refusal(good + "1\t1\tb\t-1\n"), "expected a place after line 1, position 1, found line 1, position 1"));
  CHECK(
      holds(c.refusal(good + "0\t9\tb\t-1\n"), "expected a place after line 1, position 1, found line 0, position 9"));
  CHECK(holds(c.refusal(good + "1\t0\tb\t-1\n"), "expected a position of at least 1, found 0"));
  CHECK(holds(c.refusal(good + "-1\t1\tb\t-1\n"), "expected a line of at least 0, found -1"));
  CHECK(holds(c.refusal(good + "x\t1\tb\t-1\n"), "found x"));
  for (const std::string number : {"", "x", "nan", "-inf", "inf", "0.5", "-1 ", "1e-3", "-1e308"})
    CHECK(holds(c.refusal(good + "1\t2\tb\t" + number + "\n"), "row 2: expected a log10 probability from -1e9 to 0"));
  CHECK(holds(c.refusal("\n"), "row 1"));
  CHECK(holds(c.refusal(std::string(3 << 20, 'a')), "row 1: expected at most 1"));
  CHECK(holds(c.refusal(good + "1\t2\t" + std::string(3 << 20, 'a') + "\t-1\n"), "row 2: expected at most 1"));
}

TEST_CASE("a file without rows is refused") {
  const RowsCase c;
  CHECK(holds(c.refusal(""), "expected rows of tokens, found none"));
  CHECK(error_exit([&] { read_token_rows(c.directory / "none"); }) == Exit::missing_input);
}

TEST_CASE("damaged rows are read or refused, and nothing else happens") {
  const RowsCase c;
  std::string good;
  for (int i = 0; i < 40; ++i)
    good += std::to_string(1 + i / 5) + "\t" + std::to_string(1 + i % 5) + "\tw\\u{202e}\t-0.5\n";
  std::mt19937 random(2);
  int refused = 0;
  for (int i = 0; i < 500; ++i) {
    std::string bytes = good;
    for (int n = 0; n <= i % 3; ++n) bytes[random() % bytes.size()] = static_cast<char>(random());
    put_file(c.path, bytes);
    const Exit exit = error_exit([&] { read_token_rows(c.path); });
    CHECK((exit == Exit::ok || exit == Exit::bad_data));
    refused += exit == Exit::bad_data;
  }
  CHECK(refused > 100);
}
