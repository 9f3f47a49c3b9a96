#include "base/escape.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <span>

namespace moelm {
namespace {

struct Range {
  char32_t first, last;
};

// Characters that act instead of showing: controls, bidirectional and other format characters, line separators,
// private and non-characters. The joiners U+200C and U+200D stay: scripts and emoji need them, and they do nothing
// else.
constexpr std::array kActing = {
    Range{0x00, 0x1f},        Range{0x7f, 0x9f},     Range{0xad, 0xad},       Range{0x61c, 0x61c},
    Range{0x180e, 0x180e},    Range{0x200b, 0x200b}, Range{0x200e, 0x200f},   Range{0x2028, 0x202e},
    Range{0x2060, 0x206f},    Range{0xe000, 0xf8ff}, Range{0xfdd0, 0xfdef},   Range{0xfeff, 0xfeff},
    Range{0xfff0, 0xfffb},    Range{0xfffe, 0xffff}, Range{0x1bca0, 0x1bca3}, Range{0x1d173, 0x1d17a},
    Range{0xe0000, 0x10ffff},
};

constexpr std::array kZeroWidth = {
    Range{0x300, 0x36f},   Range{0x483, 0x489},   Range{0x591, 0x5bd},   Range{0x610, 0x61a},   Range{0x64b, 0x65f},
    Range{0x200c, 0x200d}, Range{0x20d0, 0x20ff}, Range{0xfe00, 0xfe0f}, Range{0xfe20, 0xfe2f},
};

constexpr std::array kWide = {
    Range{0x1100, 0x115f},   Range{0x2e80, 0x303e},   Range{0x3041, 0xa4cf},   Range{0xac00, 0xd7a3},
    Range{0xf900, 0xfaff},   Range{0xfe30, 0xfe6f},   Range{0xff00, 0xff60},   Range{0xffe0, 0xffe6},
    Range{0x1f300, 0x1f64f}, Range{0x1f900, 0x1f9ff}, Range{0x20000, 0x3fffd},
};

bool contains(std::span<const Range> ranges, char32_t c) {
  return std::any_of(ranges.begin(), ranges.end(), [c](Range r) { return c >= r.first && c <= r.last; });
}

struct Decoded {
  char32_t code = 0;
  std::size_t bytes = 0;  ///< 0: no UTF-8 character begins here
};

/// Strict: no overlong forms, no surrogates, nothing above U+10FFFF.
Decoded decode(std::string_view s) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(s[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || s.size() < length) return {};
  char32_t code = lead & (0xffU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0U) != 0x80) return {};
    code = (code << 6) | (byte(i) & 0x3fU);
  }
  constexpr std::array<char32_t, 5> least = {0, 0, 0x80, 0x800, 0x10000};
  if (code < least[length] || (code >= 0xd800 && code <= 0xdfff) || code > 0x10ffff) return {};
  return {code, length};
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

/// Calls character(code, bytes) for what is UTF-8 and stray(byte) for what is not.
template <class Character, class Stray>
void for_each_character(std::string_view text, Character&& character, Stray&& stray) {
  while (!text.empty()) {
    const Decoded d = decode(text);
    const std::size_t length = std::max<std::size_t>(d.bytes, 1);
    if (d.bytes > 0)
      character(d.code, text.substr(0, length));
    else
      stray(static_cast<unsigned char>(text.front()));
    text.remove_prefix(length);
  }
}

/// Whether the text is printable ASCII in lines: what nearly all output is.
bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c >= ' ' && c <= '~') || c == '\n' || c == '\t'; });
}

Index column_count(char32_t code) { return contains(kZeroWidth, code) ? 0 : contains(kWide, code) ? 2 : 1; }

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
      escaped, [&](char32_t code, std::string_view) { width += column_count(code); }, [&](unsigned char) { ++width; });
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
        full = full || width + column_count(code) > columns - 1;
        if (full) return;
        width += column_count(code);
        out += bytes;
      },
      [&](unsigned char) { full = true; });
  return out + "\u2026";
}

}  // namespace moelm
