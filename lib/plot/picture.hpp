// A drawing of a few simple shapes, which becomes an SVG or a PNG.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "io/output_file.hpp"
#include "report/charts.hpp"

namespace moelm {

struct Color {
  std::uint8_t red = 0, green = 0, blue = 0;
  bool operator==(const Color&) const = default;
};

enum class Anchor { start, middle, end };

/// Coordinates count from the left upper corner. A text stands on the line y.
struct PictureText {
  double x = 0, y = 0;
  std::string text;  ///< escaped: nothing in it acts
  Color color;
  Anchor anchor = Anchor::start;
  double size = 13;
  bool bold = false;
};

struct PictureLine {
  std::vector<CurvePoint> points;
  Color color;
  double width = 1;
  double dash = 0;  ///< length of dashes; 0: no gaps
};

struct PictureBox {
  double x = 0, y = 0, width = 0, height = 0;
  Color fill;
  bool outline = false;  ///< only its edge is drawn
};

struct PictureDot {
  double x = 0, y = 0, radius = 3;
  Color color;
};

using PictureShape = std::variant<PictureText, PictureLine, PictureBox, PictureDot>;

/// Shapes in the order in which they are drawn, on white.
struct Picture {
  double width = 0, height = 0;
  ChartTexts texts;  ///< for screen readers
  std::vector<PictureShape> shapes;
};

/// The picture as an SVG file of its own.
std::string svg_file(const Picture& picture);

/// The picture as a PNG file with `scale` pixels for each unit. Error(usage) if it would have more than 100 million
/// pixels, or more than 32,000 a side.
std::string png_file(const Picture& picture, double scale);

/// How earlier files of ours are recognised.
inline constexpr OutputKind kSvgKind = {"a picture of moe-plot", "<?xml ", "Written by moe-plot "};
inline constexpr OutputKind kPngKind = {"a picture of moe-plot", "\x89PNG", "Written by moe-plot "};

/// Colors that can be told apart, also by people who see colors differently. Beyond their number they repeat, with
/// dashes.
Color curve_color(std::size_t curve);
double curve_dash(std::size_t curve);

/// From blue (-scale) over a light gray (0) to orange (+scale).
Color level_color(double value, double scale);

inline constexpr Color kInk = {22, 32, 44}, kSoft = {86, 99, 114}, kGridColor = {223, 227, 232};

}  // namespace moelm
