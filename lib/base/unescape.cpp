#include "base/unescape.hpp"

#include <charconv>
#include <cstdint>

#include "base/utf8.hpp"

namespace moelm {

namespace {

constexpr std::size_t kMaxCodeDigits = 6;

/// Reads a hexadecimal number of exactly these digits.
bool read_hex(std::string_view digits, std::uint32_t& value) {
  const char* const end = digits.data() + digits.size();
  const auto read = std::from_chars(digits.data(), end, value, 16);
  return !digits.empty() && read.ec == std::errc{} && read.ptr == end;
}

bool is_character(std::uint32_t code) { return code <= 0x10ffff && (code < 0xd800 || code > 0xdfff); }

/// Appends what one escape stands for. Returns its length, 0 if it is none.
std::size_t append_escape(std::string_view text, std::string& out) {
  constexpr std::string_view kLetters = "\\ntr", kMeanings = "\\\n\t\r";
  if (text.size() < 2 || text[0] != '\\') return 0;
  if (const std::size_t letter = kLetters.find(text[1]); letter != std::string_view::npos) {
    out += kMeanings[letter];
    return 2;
  }
  std::uint32_t value = 0;
  if (text[1] == 'x' && text.size() >= 4 && read_hex(text.substr(2, 2), value)) {
    out += static_cast<char>(value);
    return 4;
  }
  const std::size_t close = text.substr(0, 4 + kMaxCodeDigits).find('}');
  if (!text.starts_with("\\u{") || close == std::string_view::npos) return 0;
  if (!read_hex(text.substr(3, close - 3), value) || !is_character(value)) return 0;
  append_utf8(static_cast<char32_t>(value), out);
  return close + 1;
}

}  // namespace

std::string unescape_field(std::string_view field) {
  std::string out;
  while (!field.empty()) {
    std::size_t length = append_escape(field, out);
    if (length == 0) {
      out += field.front();
      length = 1;
    }
    field.remove_prefix(length);
  }
  return out;
}

}  // namespace moelm
