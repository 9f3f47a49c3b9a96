// Pictures as SVG and PNG: both show the same shapes at the same places, and nothing in a text acts.
#include "plot/picture.hpp"

#include <random>

#include "png_reader.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/hostile.hpp"

using namespace moelm;

namespace {

Picture sample() {
  Picture picture;
  picture.width = 60;
  picture.height = 40;
  picture.texts = {"A title", "A description."};
  picture.shapes.push_back(PictureBox{10, 5, 20, 10, {200, 10, 20}, false});
  picture.shapes.push_back(PictureLine{{{0, 30}, {60, 30}}, {10, 20, 200}, 4, 0});
  picture.shapes.push_back(PictureDot{50, 10, 5, {0, 150, 0}});
  return picture;
}

const Color kWhite = {255, 255, 255};

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

}  // namespace

TEST_CASE("a PNG is a correct file with each shape in its place") {
  const ReadPng png = PngReader(png_file(sample(), 2)).read();
  CHECK(png.width == 120);
  CHECK(png.height == 80);
  CHECK(png.text.find("Written by moe-plot ") != std::string::npos);
  CHECK(png.at(40, 20) == Color{200, 10, 20});
  CHECK(png.at(21, 11) == Color{200, 10, 20});
  CHECK(png.at(18, 20) == kWhite);
  CHECK(png.at(62, 20) == kWhite);
  CHECK(png.at(60, 60) == Color{10, 20, 200});
  CHECK(png.at(60, 66) == kWhite);
  CHECK(png.at(100, 20) == Color{0, 150, 0});
  CHECK(png.at(100, 5) == kWhite);
}

TEST_CASE("texts are drawn where they stand, also letters beyond ASCII") {
  Picture picture = sample();
  picture.shapes = {PictureText{30, 20, "Weg \u00e4\u4e2d", kInk, Anchor::middle, 12, true}};
  const ReadPng png = PngReader(png_file(picture, 1)).read();
  std::size_t left = 0, right = 0;
  for (std::size_t y = 0; y < png.height; ++y)
    for (std::size_t x = 0; x < png.width; ++x)
      if (!(png.at(x, y) == kWhite)) ++(x < 30 ? left : right);
  CHECK(left > 10);
  CHECK(right > 10);
}

TEST_CASE("a line after a text begins at its own first point") {
  Picture picture = sample();
  picture.shapes = {PictureText{5, 12, "ab", kInk, Anchor::start, 10},
                    PictureLine{{{40, 30}, {60, 30}}, {0, 0, 0}, 2, 0}, PictureBox{50, 35, 8, 3, {0, 0, 0}, true},
                    PictureLine{{{0, 38}, {9, 38}}, {0, 0, 0}, 2, 0}};
  const ReadPng png = PngReader(png_file(picture, 1)).read();
  for (std::size_t x = 0; x < png.width; ++x) CHECK(png.at(x, 22) == kWhite);
  for (std::size_t y = 0; y < png.height; ++y) CHECK(png.at(35, y) == kWhite);
  CHECK(png.at(50, 30) == Color{0, 0, 0});
}

TEST_CASE("dashes leave gaps") {
  Picture picture = sample();
  picture.shapes = {PictureLine{{{0, 20}, {60, 20}}, {0, 0, 0}, 2, 6}};
  const ReadPng png = PngReader(png_file(picture, 1)).read();
  CHECK(png.at(3, 20) == Color{0, 0, 0});
  CHECK(png.at(9, 20) == kWhite);
}

TEST_CASE("an SVG has each shape once, with its title for screen readers") {
  const std::string svg = svg_file(sample());
  CHECK(svg.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\""));
  CHECK(svg.find("<title>A title</title><desc>A description. Written by moe-plot ") != std::string::npos);
  CHECK(svg.find("<rect x=\"10.00\" y=\"5.00\" width=\"20.00\" height=\"10.00\" fill=\"#c80a14\" stroke=\"none\"/>") !=
        std::string::npos);
  CHECK(svg.find("<path d=\"M0.00 30.00L60.00 30.00\"") != std::string::npos);
  CHECK(count_of(svg, "<circle ") == 1);
  CHECK(svg.ends_with("</svg>\n"));
}

TEST_CASE("hostile texts stay texts in an SVG") {
  std::mt19937 random(3);
  for (int i = 0; i < 200; ++i) {
    Picture picture = sample();
    picture.shapes.push_back(PictureText{1, 1, hostile_text(random), kInk});
    picture.texts.title = hostile_text(random);
    const std::string svg = svg_file(picture);
    CHECK(objection(svg) == "");
    CHECK(count_of(svg, "<") == 2 * count_of(svg, "</") + count_of(svg, "/>") + 1);  // elements that close, and <?xml
  }
}

TEST_CASE("a picture that is too large is refused with its size") {
  Picture picture = sample();
  picture.height = 1e6;
  CHECK(error_exit([&] { png_file(picture, 20); }) == Exit::usage);
  picture.height = 40000;
  CHECK(error_exit([&] { png_file(picture, 1); }) == Exit::usage);
}

TEST_CASE("curves differ in color, then in dashes") {
  for (std::size_t a = 0; a < 21; ++a)
    for (std::size_t b = 0; b < a; ++b) {
      const bool same_color = curve_color(a) == curve_color(b);
      CHECK((!same_color || curve_dash(a) != curve_dash(b)));
    }
  CHECK(level_color(0, 3) == level_color(-0.0, 3));
  CHECK(level_color(-9, 3) == level_color(-3, 3));
  CHECK_FALSE(level_color(3, 3) == level_color(-3, 3));
}
