#include "terminal/colored_text.hpp"

#include <array>

#include "base/check.hpp"

namespace moelm {

namespace {

/// Numbers in the palette of 256 colors.
constexpr std::array<int, kColors> kPalette = {153, 216, 157, 219, 229, 189, 123, 210, 190, 252, 181, 179};

}  // namespace

std::string color_begin(int color) {
  ensure(color >= 0 && color < kColors, "the color exists");
  return "\x1b[30;48;5;" + std::to_string(kPalette[static_cast<std::size_t>(color)]) + "m";
}

}  // namespace moelm
