#include "io/json_scan.hpp"

#include <algorithm>

#include "base/error.hpp"

namespace moelm {

namespace {

bool is_structure(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == ',' || c == ':' || c == '[' || c == ']' || c == '{' ||
         c == '}';
}

/// The place of the mark that closes the string beginning at `at`, or the end of the text.
std::size_t closing_mark(std::string_view text, std::size_t at) {
  while (at < text.size() && text[at] != '"') at += text[at] == '\\' ? 2 : 1;
  return std::min(at, text.size());
}

}  // namespace

std::vector<LongString> scan_json(std::string_view text, std::string_view name) {
  std::vector<LongString> found;
  std::size_t word = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '"') {
      const std::size_t begin = at + 1;
      at = closing_mark(text, begin);
      if (at - begin > kLongString && at < text.size()) found.push_back({begin, at});
      word = 0;
    } else if (is_structure(text[at])) {
      word = 0;
    } else if (++word > kLongestWord) {
      throw Error(Exit::bad_data, std::string(name) + ": byte " + std::to_string(at + 1) +
                                      ": expected a number or word of at most " + std::to_string(kLongestWord) +
                                      " bytes, found a longer one");
    }
  }
  return found;
}

std::size_t cut_json_string(std::string_view text, std::size_t begin, std::size_t end, std::size_t most) {
  std::size_t at = begin;
  bool pair = false;  // the first half of a pair of surrogates was just passed
  while (at < end) {
    const bool continues = (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80;
    if (at - begin >= most && !continues && !pair) return at;
    if (text[at] != '\\') {
      pair = false;
      ++at;
    } else if (at + 1 < end && text[at + 1] == 'u') {
      const std::string_view digits = text.substr(at + 2, 2);
      pair = digits.size() == 2 && (digits[0] == 'd' || digits[0] == 'D') &&
             std::string_view("89abAB").find(digits[1]) != std::string_view::npos;
      at += 6;
    } else {
      pair = false;
      at += 2;
    }
  }
  return end;
}

}  // namespace moelm
