// Classes, case and width of characters.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/utf8.hpp"

namespace moelm {

/// Runs of `letter` are words, runs of `digit` are numbers, a `mark` continues the character before it, and an
/// `ideograph` (of a script without spaces between words) is a word by itself.
enum class CharacterClass : std::uint8_t { line_end, space, letter, mark, ideograph, digit, other };

/// A well-formed or malformed character of a text and its class; malformed bytes are `other`.
struct ClassifiedCharacter {
  CharacterClass kind = CharacterClass::other;
  std::uint32_t length = 1;
  char32_t code = 0;
};

/// The class of a code point below 128.
constexpr CharacterClass ascii_class(unsigned code) {
  if (code == '\n') return CharacterClass::line_end;
  if (code == ' ' || (code >= '\t' && code <= '\r')) return CharacterClass::space;
  if (code >= '0' && code <= '9') return CharacterClass::digit;
  if ((code >= 'a' && code <= 'z') || (code >= 'A' && code <= 'Z')) return CharacterClass::letter;
  return CharacterClass::other;
}

inline constexpr std::array<CharacterClass, 128> kAsciiClasses = [] {
  std::array<CharacterClass, 128> classes{};
  for (unsigned code = 0; code < 128; ++code) classes[code] = ascii_class(code);
  return classes;
}();

/// The class of a code point from 128 on.
CharacterClass wide_class(char32_t code);

/// The character at `position`, which must lie within `text`.
inline ClassifiedCharacter classify(std::string_view text, std::size_t position) {
  const auto first = static_cast<unsigned char>(text[position]);
  if (first < 128) return {kAsciiClasses[first], 1, first};
  const Utf8Character character = decode_utf8(text.substr(position));
  return {character.valid ? wide_class(character.code) : CharacterClass::other, character.length, character.code};
}

/// Columns that a character takes on a terminal: 0 for marks and joiners, 2 for wide East Asian characters and emoji.
int character_columns(char32_t code);

/// Appends `text` in lower case, character by character (simple mapping); malformed bytes stay.
void append_lowercase(std::string_view text, std::string& out);

}  // namespace moelm
