// Random hostile text, and checks of what came out, written independently of the escaping that they judge.
#pragma once

#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace moelm {

/// Text of up to `pieces` pieces: control bytes, escape sequences, C1, bidirectional controls, markup, broken UTF-8.
inline std::string hostile_text(std::mt19937& random, int pieces = 6) {
  static const std::vector<std::string> kPieces = {"\x1b[31m",
                                                   "\x1b]0;owned\x07",
                                                   "\x1b[2J\x1b[H",
                                                   "\xc2\x9b"
                                                   "31m",
                                                   "\xc2\x9d",
                                                   "\x9b"
                                                   "2J",
                                                   "\xe2\x80\xae",
                                                   "\xe2\x81\xa6",
                                                   "\xe2\x80\x8f",
                                                   "\xd8\x9c",
                                                   "\xe2\x80\xa8",
                                                   "\xef\xbb\xbf",
                                                   "\xf3\xa0\x80\x81",
                                                   "<script>alert(1)</script>",
                                                   "<img src=x onerror=alert(1)>",
                                                   "\"><svg onload=alert(1)>",
                                                   "' onmouseover='alert(1)",
                                                   "</title></style>",
                                                   "<!--",
                                                   "]]>",
                                                   "&#60;script&#62;",
                                                   "javascript:alert(1)",
                                                   "\r\n",
                                                   "\n",
                                                   "\t",
                                                   std::string(1, '\0'),
                                                   "\x7f",
                                                   "\b\b\b",
                                                   "\xff\xfe",
                                                   "\xc0\xaf",
                                                   "\xed\xa0\x80",
                                                   "\xf4\x90\x80\x80",
                                                   "\xe2\x82",
                                                   "\\",
                                                   "\\x1b",
                                                   "word",
                                                   "\xc3\xa9",
                                                   "\xe6\x97\xa5",
                                                   "\xf0\x9f\x98\x80",
                                                   " "};
  std::string text;
  const int count = static_cast<int>(random() % static_cast<unsigned>(pieces + 1));
  for (int i = 0; i < count; ++i) {
    if (random() % 4 == 0)
      text += static_cast<char>(random() % 256);
    else
      text += kPieces[random() % kPieces.size()];
  }
  return text;
}

/// Why `text` may not reach a terminal or a page, or "" where it may. Allows newline and tab.
inline std::string objection(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = [&](std::size_t j) { return j < text.size() ? static_cast<unsigned char>(text[j]) : 0U; };
    const unsigned a = byte(i);
    if ((a < 0x20 && a != '\n' && a != '\t') || a == 0x7f) return "control byte";
    if (a < 0x80) {
      ++i;
      continue;
    }
    const int more = a >= 0xf0 && a < 0xf5 ? 3 : a >= 0xe0 && a < 0xf0 ? 2 : a >= 0xc2 && a < 0xe0 ? 1 : 0;
    if (more == 0) return "stray byte";
    unsigned code = a & (0x3fU >> more);
    for (int j = 1; j <= more; ++j) {
      if ((byte(i + static_cast<std::size_t>(j)) & 0xc0U) != 0x80) return "broken character";
      code = code * 64 + (byte(i + static_cast<std::size_t>(j)) & 0x3fU);
    }
    if ((more == 2 && code < 0x800) || (more == 3 && code < 0x10000)) return "overlong form";
    if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return "not a character";
    if (code >= 0x80 && code < 0xa0) return "C1 control";
    if (code == 0x61c || code == 0x200e || code == 0x200f || (code >= 0x202a && code <= 0x202e) ||
        (code >= 0x2066 && code <= 0x2069))
      return "bidirectional control";
    if (code == 0x2028 || code == 0x2029) return "line separator";
    if (code == 0xfeff || code == 0x200b || (code >= 0xe0000 && code <= 0xe007f)) return "invisible character";
    i += 1 + static_cast<std::size_t>(more);
  }
  return "";
}

}  // namespace moelm
