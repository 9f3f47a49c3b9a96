// The policy for raw text, sequence by sequence, and one character at a time.
#include "text/text_repair.hpp"

#include "base/utf8.hpp"
#include "support/catch.hpp"
#include "support/random_bytes.hpp"

using namespace moelm;

namespace {

struct Repaired {
  std::string text;
  TextFaults faults;
};

Repaired repair(const std::string& raw) {
  Repaired result;
  std::string buffer;
  result.text = repair_text(raw, buffer, result.faults);
  return result;
}

const std::string kReplacement = "\xEF\xBF\xBD";

/// The policy in its slowest form: a table of well-formed sequences (Unicode, table 3-7), longest beginning replaced.
std::string slow_repair(const std::string& raw) {
  const auto in = [](unsigned char byte, int low, int high) { return byte >= low && byte <= high; };
  std::string out;
  for (std::size_t i = 0; i < raw.size();) {
    const auto at = [&](std::size_t k) { return i + k < raw.size() ? static_cast<unsigned char>(raw[i + k]) : 0u; };
    const auto first = static_cast<unsigned char>(raw[i]);
    std::size_t length = 1, matched = 1;
    if (first == '\r' && at(1) == '\n') {
      ++i;
      continue;
    }
    if (in(first, 0xC2, 0xDF)) length = 2;
    if (in(first, 0xE0, 0xEF)) length = 3;
    if (in(first, 0xF0, 0xF4)) length = 4;
    const int low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
    const int high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
    if (length > 1 && in(static_cast<unsigned char>(at(1)), low, high)) {
      matched = 2;
      while (matched < length && in(static_cast<unsigned char>(at(matched)), 0x80, 0xBF)) ++matched;
    }
    out += first < 0x80 || (length > 1 && matched == length) ? raw.substr(i, length) : kReplacement;
    i += matched;
  }
  return out;
}

}  // namespace

TEST_CASE("sound text is not copied") {
  const std::string text = "plain, naïve, 漢字, 👍\nline\rstill line 2\n";
  std::string buffer;
  TextFaults faults;
  const std::string_view result = repair_text(text, buffer, faults);
  CHECK(result.data() == text.data());
  CHECK(result == text);
  CHECK_FALSE(faults.any());
}

TEST_CASE("CR LF becomes LF, a lone CR stays") {
  const Repaired r = repair("a\r\nb\rc\r\r\n\r");
  CHECK(r.text == "a\nb\rc\r\n\r");
  CHECK(r.faults.carriage_returns == 2);
  CHECK(r.faults.malformed == 0);
}

TEST_CASE("malformed sequences become one U+FFFD each") {
  const auto check = [](const std::string& raw, const std::string& text, Index count) {
    const Repaired r = repair(raw);
    CHECK(r.text == text);
    CHECK(r.faults.malformed == count);
  };
  const std::string f = kReplacement;
  check("\xFF", f, 1);
  check(
      "a\x80"
      "b",
      "a" + f + "b", 1);                        // a continuation alone
  check("\xC0\xAF", f + f, 2);                  // overlong slash
  check("\xE0\x80\xAF", f + f + f, 3);          // overlong in three bytes
  check("\xED\xA0\x80", f + f + f, 3);          // a surrogate
  check("\xF4\x90\x80\x80", f + f + f + f, 4);  // above U+10FFFF
  check("\xE2\x82", f, 1);                      // cut off
  check(
      "\xE2\x82"
      "A",
      f + "A", 1);  // broken by another character
  check(
      "\xF0\x9F\x91"
      "A\xF0\x9F\x91\x8D",
      f + "A\xF0\x9F\x91\x8D", 1);
  check(f, f, 0);  // U+FFFD itself is sound
}

TEST_CASE("all pairs of bytes, and random bytes, equal the table of the standard") {
  for (int a = 0; a < 256; ++a)
    for (int b = 0; b < 256; ++b) {
      const std::string raw = {'x', static_cast<char>(a), static_cast<char>(b), 'y'};
      if (repair(raw).text != slow_repair(raw)) FAIL("bytes " << a << " " << b);
    }
  RandomBytes random(7);
  for (int round = 0; round < 20000; ++round) {
    std::string raw;
    for (int i = 0; i < 12; ++i) {
      const char* const parts[] = {"\xE2\x82\xAC", "\xF0\x9F\x91\x8D", "\r", "\n", "\xED", "\xA0", "\xF4", "\xE0", "a"};
      raw += random.below(3) == 0 ? random.bytes(1) : parts[random.below(9)];
    }
    if (repair(raw).text != slow_repair(raw)) FAIL("round " << round);
  }
}

TEST_CASE("counting finds what repairing finds") {
  RandomBytes random(3);
  for (int round = 0; round < 1000; ++round) {
    const std::string raw = random.bytes(50) + "\r\n";
    TextFaults counted;
    count_text_faults(raw, counted);
    REQUIRE(counted == repair(raw).faults);
  }
}

TEST_CASE("characters are written as they are read") {
  for (char32_t code = 0; code <= 0x10FFFF; code = code < 0x3000 ? code + 1 : code + 97) {
    if (code >= 0xD800 && code <= 0xDFFF) continue;
    std::string text;
    append_utf8(code, text);
    const Utf8Character character = decode_utf8(text);
    REQUIRE(character.valid);
    REQUIRE(character.code == code);
    REQUIRE(character.length == text.size());
  }
}
