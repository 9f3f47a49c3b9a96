// A picture as an SVG file.
#include <array>
#include <cstdio>

#include "base/version.hpp"
#include "plot/picture.hpp"
#include "report/chart_axes.hpp"
#include "report/html_writer.hpp"

namespace moelm {
namespace {

std::string hex(Color color) {
  std::array<char, 8> text{};
  std::snprintf(text.data(), text.size(), "#%02x%02x%02x", color.red, color.green, color.blue);
  return text.data();
}

class SvgShapes {
 public:
  explicit SvgShapes(HtmlWriter& out) : out_(out) {}

  void operator()(const PictureText& t) {
    const char* anchor = t.anchor == Anchor::start ? "start" : t.anchor == Anchor::middle ? "middle" : "end";
    out_.element("text",
                 {{"x", coordinate(t.x)},
                  {"y", coordinate(t.y)},
                  {"fill", hex(t.color)},
                  {"font-size", coordinate(t.size)},
                  {"font-weight", t.bold ? "bold" : "normal"},
                  {"text-anchor", anchor}},
                 t.text);
  }
  void operator()(const PictureLine& l) {
    std::string path;
    for (const CurvePoint p : l.points) path += (path.empty() ? "M" : "L") + coordinate(p.x) + " " + coordinate(p.y);
    if (path.empty()) return;
    out_.empty("path", {{"d", path},
                        {"fill", "none"},
                        {"stroke", hex(l.color)},
                        {"stroke-width", coordinate(l.width)},
                        {"stroke-linejoin", "round"},
                        {"stroke-dasharray", l.dash > 0 ? coordinate(l.dash) : "none"}});
  }
  void operator()(const PictureBox& b) {
    out_.empty("rect", {{"x", coordinate(b.x)},
                        {"y", coordinate(b.y)},
                        {"width", coordinate(b.width)},
                        {"height", coordinate(b.height)},
                        {"fill", b.outline ? "none" : hex(b.fill)},
                        {"stroke", b.outline ? hex(b.fill) : "none"}});
  }
  void operator()(const PictureDot& d) {
    out_.empty("circle",
               {{"cx", coordinate(d.x)}, {"cy", coordinate(d.y)}, {"r", coordinate(d.radius)}, {"fill", hex(d.color)}});
  }

 private:
  HtmlWriter& out_;
};

}  // namespace

std::string svg_file(const Picture& picture) {
  const std::string width = coordinate(picture.width), height = coordinate(picture.height);
  HtmlWriter out;
  out.literal("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
  out.element("svg",
              {{"xmlns", "http://www.w3.org/2000/svg"},
               {"width", width},
               {"height", height},
               {"viewBox", "0 0 " + width + " " + height},
               {"font-family", "sans-serif"},
               {"role", "img"}},
              [&] {
                out.element("title", {}, picture.texts.title);
                out.element("desc", {},
                            picture.texts.description + " Written by moe-plot " + std::string(version()) + ".");
                out.empty("rect", {{"width", width}, {"height", height}, {"fill", "#ffffff"}});
                SvgShapes shapes(out);
                for (const PictureShape& shape : picture.shapes) std::visit(shapes, shape);
              });
  return out.str();
}

}  // namespace moelm
