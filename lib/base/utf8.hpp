// Decodes UTF-8 one character at a time and splits malformed bytes as Unicode recommends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace moelm {

/// A character, or malformed bytes: the longest beginning of a well-formed character, else one byte.
struct Utf8Character {
  char32_t code = 0xFFFD;
  std::uint32_t length = 1;  ///< bytes, at least 1
  bool valid = false;
  bool truncated = false;  ///< malformed only because the text ends here
};

/// decode_utf8() for all characters, but slower.
Utf8Character decode_any_utf8(std::string_view text);

/// The character at the start of `text`, which must not be empty. Overlong forms, surrogates and codes above U+10FFFF
/// are malformed.
inline Utf8Character decode_utf8(std::string_view text) {
  // A fast path for well-formed characters of two bytes, the most frequent ones beyond ASCII.
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0xC2 || first > 0xDF || text.size() == 1) return decode_any_utf8(text);
  const auto second = static_cast<unsigned char>(text[1]);
  if ((second & 0xC0) != 0x80) return decode_any_utf8(text);
  return {static_cast<char32_t>((first & 0x1F) << 6 | (second & 0x3F)), 2, true, false};
}

/// Appends the UTF-8 of a code point (not a surrogate, at most U+10FFFF).
void append_utf8(char32_t code, std::string& out);

/// Whether all of `text` is well-formed.
bool is_utf8(std::string_view text);

/// The number of ASCII bytes at the start of `text`.
std::size_t ascii_prefix(std::string_view text);

}  // namespace moelm
