// Hostile text never acts: nothing that steers a terminal or a browser gets through, and nothing is lost.
#include "base/escape.hpp"

#include <nlohmann/json.hpp>

#include "support/catch.hpp"
#include "support/hostile.hpp"

using namespace moelm;

namespace {

/// Undoes escape_terminal, to show that it loses nothing.
std::string unescape(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out += text[i];
      continue;
    }
    const char kind = text[++i];
    if (kind == '\\') out += '\\';
    if (kind == 'n') out += '\n';
    if (kind == 't') out += '\t';
    if (kind == 'r') out += '\r';
    if (kind == 'x') {
      out += static_cast<char>(std::stoi(text.substr(i + 1, 2), nullptr, 16));
      i += 2;
    }
    if (kind == 'u') {
      const std::size_t end = text.find('}', i);
      const auto code = static_cast<unsigned>(std::stoul(text.substr(i + 2, end - i - 2), nullptr, 16));
      const auto tail = [&](int shift) { out += static_cast<char>(0x80U | ((code >> shift) & 0x3fU)); };
      if (code < 0x80) out += static_cast<char>(code);
      if (code >= 0x80 && code < 0x800) out += static_cast<char>(0xc0U | (code >> 6)), tail(0);
      if (code >= 0x800 && code < 0x10000) out += static_cast<char>(0xe0U | (code >> 12)), tail(6), tail(0);
      if (code >= 0x10000) out += static_cast<char>(0xf0U | (code >> 18)), tail(12), tail(6), tail(0);
      i = end;
    }
  }
  return out;
}

}  // namespace

TEST_CASE("100,000 hostile tokens: a terminal sees one harmless line that gives back the bytes") {
  std::mt19937 random(1);
  Index leaks = 0, losses = 0, lines = 0;
  for (int i = 0; i < 100'000; ++i) {
    const std::string text = hostile_text(random);
    const std::string escaped = escape_terminal(text);
    leaks += !objection(escaped).empty();
    lines += escaped.find_first_of("\n\t") != std::string::npos;
    losses += unescape(escaped) != text;
  }
  CHECK(leaks == 0);
  CHECK(lines == 0);
  CHECK(losses == 0);
}

TEST_CASE("100,000 hostile tokens: HTML has neither markup nor an end of an attribute") {
  std::mt19937 random(2);
  Index leaks = 0, markup = 0;
  for (int i = 0; i < 100'000; ++i) {
    const std::string escaped = escape_html(hostile_text(random));
    leaks += !objection(escaped).empty();
    markup += escaped.find_first_of("<>\"'") != std::string::npos;
  }
  CHECK(leaks == 0);
  CHECK(markup == 0);
}

TEST_CASE("100,000 hostile tokens in JSON: harmless, and the same document") {
  std::mt19937 random(3);
  Index leaks = 0, differences = 0;
  for (int i = 0; i < 100'000; ++i) {
    const nlohmann::json value = {{"token", to_valid_utf8(hostile_text(random))}};
    const std::string text = escape_json(value.dump());
    leaks += !objection(text).empty();
    differences += nlohmann::json::parse(text) != value;
  }
  CHECK(leaks == 0);
  CHECK(differences == 0);
}

TEST_CASE("escapes are the ones documented; ordinary text stays") {
  CHECK(escape_terminal("na\xc3\xafve \xe6\x97\xa5\xe6\x9c\xac, 1\xe2\x80\x93"
                        "2") ==
        "na\xc3\xafve \xe6\x97\xa5\xe6\x9c\xac, 1\xe2\x80\x93"
        "2");
  CHECK(escape_terminal("a\nb\tc\r\x1b\x7f\xc2\x9b\xe2\x80\xae\xff\\") ==
        "a\\nb\\tc\\r\\u{1b}\\u{7f}\\u{9b}\\u{202e}\\xff\\\\");
  CHECK(escape_html("<a href=\"x\">&'") == "&lt;a href=&quot;x&quot;&gt;&amp;&#39;");
  CHECK(to_valid_utf8("caf\xc3\xa9\xff") == "caf\xc3\xa9\\xff");
}

TEST_CASE("width and shortening count columns, not bytes") {
  CHECK(display_width("na\xc3\xafve") == 5);
  CHECK(display_width("\xe6\x97\xa5\xe6\x9c\xac") == 4);
  CHECK(display_width("e\xcc\x81") == 1);
  CHECK(shorten("abcdef", 6) == "abcdef");
  CHECK(shorten("abcdefg", 6) == "abcde\xe2\x80\xa6");
  CHECK(shorten("\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", 4) == "\xe6\x97\xa5\xe2\x80\xa6");
  CHECK(shorten("abc", 0).empty());
}

TEST_CASE("lines that are ready for a terminal pass as they are; what was forgotten in them is escaped") {
  std::mt19937 random(4);
  Index leaks = 0, changes = 0;
  for (int i = 0; i < 100'000; ++i) {
    const std::string text = hostile_text(random);
    const std::string escaped = escape_terminal(text);
    changes += escape_lines("a\t" + escaped + "\n") != "a\t" + escaped + "\n";
    std::string shown = escape_lines(text);
    std::erase_if(shown, [](char c) { return c == '\n' || c == '\t'; });
    leaks += !objection(shown).empty();
  }
  CHECK(changes == 0);
  CHECK(leaks == 0);
}

TEST_CASE("bytes of any kind become UTF-8 that gives them back") {
  for (const std::string& bytes :
       std::vector<std::string>{"plain", "na\xc3\xafve", "caf\xe9", "a\\xff", "\\", "\\\\x", "\xff\\", "\\x9"}) {
    CHECK(unescape_bytes(escape_bytes(bytes)) == bytes);
    CHECK(to_valid_utf8(escape_bytes(bytes)) == escape_bytes(bytes));
  }
  CHECK(escape_bytes("caf\xe9") == "caf\\xe9");
  CHECK(unescape_bytes("C:\\text") == "C:\\text");
}
