// Text whose parts have background colors on a terminal.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace moelm {

/// A part of a text. `text` need not be escaped and may hold line ends.
struct ColoredPart {
  std::string text;
  int color = -1;  ///< 0 to kColors - 1; -1: none
};

using ColoredText = std::vector<ColoredPart>;

/// Colors that can be told apart, all light enough for black letters.
inline constexpr int kColors = 12;

/// The control sequence that begins a color, and the one that ends it.
std::string color_begin(int color);
inline constexpr std::string_view kColorEnd = "\x1b[0m";

}  // namespace moelm
