#include "base/unicode.hpp"

#include <utf8proc.h>

#include "base/utf8.hpp"

namespace moelm {

namespace {

constexpr bool is_between(char32_t code, char32_t low, char32_t high) { return code >= low && code <= high; }

/// Letters of scripts written without spaces: South-East Asian, kana except Katakana, Han.
constexpr bool is_unspaced(char32_t c) {
  return is_between(c, 0x0E00, 0x0EFF) || is_between(c, 0x1000, 0x109F) || is_between(c, 0x1780, 0x17FF) ||
         is_between(c, 0x2E80, 0x2FDF) || is_between(c, 0x3005, 0x3007) || is_between(c, 0x3041, 0x309F) ||
         is_between(c, 0x3400, 0x4DBF) || is_between(c, 0x4E00, 0x9FFF) || is_between(c, 0xF900, 0xFAFF) ||
         is_between(c, 0x20000, 0x3FFFF);
}

}  // namespace

CharacterClass wide_class(char32_t c) {
  constexpr char32_t kNextLine = 0x85, kNonJoiner = 0x200C, kJoiner = 0x200D;
  if (c == kNextLine) return CharacterClass::space;
  if (c == kNonJoiner || c == kJoiner) return CharacterClass::mark;
  switch (utf8proc_category(static_cast<utf8proc_int32_t>(c))) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
      return is_unspaced(c) ? CharacterClass::ideograph : CharacterClass::letter;
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
      return CharacterClass::mark;
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
      return CharacterClass::digit;
    case UTF8PROC_CATEGORY_ZS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
      return CharacterClass::space;
    default:
      return CharacterClass::other;
  }
}

int character_columns(char32_t code) { return utf8proc_charwidth(static_cast<utf8proc_int32_t>(code)); }

void append_lowercase(std::string_view text, std::string& out) {
  while (!text.empty()) {
    const std::size_t ascii = ascii_prefix(text);
    for (const char c : text.substr(0, ascii)) out.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c);
    text.remove_prefix(ascii);
    if (text.empty()) break;
    const Utf8Character character = decode_utf8(text);
    if (character.valid)
      append_utf8(static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(character.code))), out);
    else
      out.append(text.substr(0, character.length));
    text.remove_prefix(character.length);
  }
}

}  // namespace moelm
