#include "base/escape.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <span>

#include "base/unicode.hpp"
#include "base/utf8.hpp"

namespace moelm {
namespace {

struct Range {
  char32_t first, last;
};

// Characters that act on a terminal or are invisible: controls, bidirectional and other format characters, line
// separators, private-use characters and non-characters. The joiners U+200C and U+200D are not among them: scripts and
// emoji need them, and they are harmless.
constexpr std::array kActing = {
    Range{0x00, 0x1f},        Range{0x7f, 0x9f},     Range{0xad, 0xad},       Range{0x61c, 0x61c},
    Range{0x180e, 0x180e},    Range{0x200b, 0x200b}, Range{0x200e, 0x200f},   Range{0x2028, 0x202e},
    Range{0x2060, 0x206f},    Range{0xe000, 0xf8ff}, Range{0xfdd0, 0xfdef},   Range{0xfeff, 0xfeff},
    Range{0xfff0, 0xfffb},    Range{0xfffe, 0xffff}, Range{0x1bca0, 0x1bca3}, Range{0x1d173, 0x1d17a},
    Range{0xe0000, 0x10ffff},
};

bool contains(std::span<const Range> ranges, char32_t c) {
  return std::any_of(ranges.begin(), ranges.end(), [c](Range r) { return c >= r.first && c <= r.last; });
}

void append_number(std::string& out, const char* pattern, unsigned value) {
  std::array<char, 16> buffer{};
  std::snprintf(buffer.data(), buffer.size(), pattern, value);
  out += buffer.data();
}

void append_acting(std::string& out, char32_t code) {
  switch (code) {
    case '\n':
      out += "\\n";
      return;
    case '\t':
      out += "\\t";
      return;
    case '\r':
      out += "\\r";
      return;
    default:
      append_number(out, "\\u{%x}", static_cast<unsigned>(code));
  }
}

/// Calls character(code, bytes) for each character and stray(byte) for each byte that is not UTF-8.
template <class Character, class Stray>
void for_each_character(std::string_view text, Character&& character, Stray&& stray) {
  while (!text.empty()) {
    const Utf8Character next = decode_utf8(text);
    if (next.valid)
      character(next.code, text.substr(0, next.length));
    else
      stray(static_cast<unsigned char>(text.front()));
    text.remove_prefix(next.valid ? next.length : 1);
  }
}

/// Whether the text is printable ASCII in lines: what nearly all output is.
bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c >= ' ' && c <= '~') || c == '\n' || c == '\t'; });
}

}  // namespace

std::string escape_terminal(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for_each_character(
      text,
      [&](char32_t code, std::string_view bytes) {
        if (contains(kActing, code))
          append_acting(out, code);
        else if (code == '\\')
          out += "\\\\";
        else
          out += bytes;
      },
      [&](unsigned char byte) { append_number(out, "\\x%02x", byte); });
  return out;
}

std::string escape_field(std::string_view text) {
  if (!text.starts_with('"')) return escape_terminal(text);
  return "\\u{22}" + escape_terminal(text.substr(1));
}

std::string escape_lines(std::string_view text) {
  if (is_plain(text)) return std::string(text);
  std::string out;
  out.reserve(text.size());
  for_each_character(
      text,
      [&](char32_t code, std::string_view bytes) {
        if (code != '\n' && code != '\t' && contains(kActing, code))
          append_acting(out, code);
        else
          out += bytes;
      },
      [&](unsigned char byte) { append_number(out, "\\x%02x", byte); });
  return out;
}

std::string escape_bytes(std::string_view bytes) {
  std::string out;
  for_each_character(
      bytes, [&](char32_t code, std::string_view character) { out += code == '\\' ? "\\\\" : character; },
      [&](unsigned char byte) { append_number(out, "\\x%02x", byte); });
  return out;
}

std::string unescape_bytes(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::string_view rest = text.substr(i);
    unsigned byte = 0;
    if (rest.starts_with("\\\\")) {
      ++i;
    } else if (rest.size() >= 4 && rest.starts_with("\\x")) {
      const auto read = std::from_chars(rest.data() + 2, rest.data() + 4, byte, 16);
      if (read.ec == std::errc{} && read.ptr == rest.data() + 4) {
        out += static_cast<char>(byte);
        i += 3;
        continue;
      }
    }
    out += text[i];
  }
  return out;
}

std::string escape_html(std::string_view text) {
  std::string out;
  for (const char c : escape_terminal(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string to_valid_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for_each_character(
      text, [&](char32_t, std::string_view bytes) { out += bytes; },
      [&](unsigned char byte) { append_number(out, "\\x%02x", byte); });
  return out;
}

std::string escape_json(std::string json) {
  if (is_plain(json)) return json;
  std::string out;
  out.reserve(json.size());
  for_each_character(
      json,
      [&](char32_t code, std::string_view bytes) {
        if (code < 0x20 || !contains(kActing, code)) {
          out += bytes;
        } else if (code <= 0xffff) {
          append_number(out, "\\u%04x", static_cast<unsigned>(code));
        } else {
          append_number(out, "\\u%04x", static_cast<unsigned>(0xd7c0 + (code >> 10)));
          append_number(out, "\\u%04x", static_cast<unsigned>(0xdc00 + (code & 0x3ff)));
        }
      },
      [&](unsigned char) { out += "\\ufffd"; });
  return out;
}

Index display_width(std::string_view escaped) {
  Index width = 0;
  for_each_character(
      escaped, [&](char32_t code, std::string_view) { width += character_columns(code); },
      [&](unsigned char) { ++width; });
  return width;
}

std::string shorten(std::string_view escaped, Index columns) {
  if (display_width(escaped) <= columns) return std::string(escaped);
  if (columns <= 0) return {};
  std::string out;
  Index width = 0;
  bool full = false;
  for_each_character(
      escaped,
      [&](char32_t code, std::string_view bytes) {
        full = full || width + character_columns(code) > columns - 1;
        if (full) return;
        width += character_columns(code);
        out += bytes;
      },
      [&](unsigned char) { full = true; });
  return out + "\u2026";
}

}  // namespace moelm
