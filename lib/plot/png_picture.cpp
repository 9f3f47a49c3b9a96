// A picture as a PNG file, drawn by cairo.
#include <cairo/cairo.h>

#include <cmath>
#include <memory>
#include <numbers>

#include "base/error.hpp"
#include "base/version.hpp"
#include "io/compress.hpp"
#include "plot/picture.hpp"

namespace moelm {
namespace {

constexpr double kMaxPixels = 1e8, kMaxSide = 32'000;  // cairo's coordinates have 16 bits
constexpr std::size_t kHeaderBytes = 8 + 25;           // signature, and the chunk IHDR

using Surface = std::unique_ptr<cairo_surface_t, decltype(&cairo_surface_destroy)>;
using Pen = std::unique_ptr<cairo_t, decltype(&cairo_destroy)>;

class CairoShapes {
 public:
  explicit CairoShapes(cairo_t* pen) : pen_(pen) {}

  void operator()(const PictureText& t) {
    set(t.color);
    cairo_select_font_face(pen_, "sans-serif", CAIRO_FONT_SLANT_NORMAL,
                           t.bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(pen_, t.size);
    cairo_text_extents_t extents;
    cairo_text_extents(pen_, t.text.c_str(), &extents);
    const double shift = t.anchor == Anchor::start ? 0 : t.anchor == Anchor::middle ? 0.5 : 1;
    cairo_move_to(pen_, t.x - shift * extents.x_advance, t.y);
    cairo_show_text(pen_, t.text.c_str());
  }
  void operator()(const PictureLine& l) {
    if (l.points.empty()) return;
    set(l.color);
    cairo_set_line_width(pen_, l.width);
    cairo_set_dash(pen_, &l.dash, l.dash > 0 ? 1 : 0, 0);
    cairo_new_path(pen_);  // a text leaves its end behind as a point
    for (const CurvePoint p : l.points) cairo_line_to(pen_, p.x, p.y);
    cairo_stroke(pen_);
  }
  void operator()(const PictureBox& b) {
    set(b.fill);
    cairo_rectangle(pen_, b.x, b.y, b.width, b.height);
    cairo_set_line_width(pen_, 1);
    cairo_set_dash(pen_, nullptr, 0, 0);
    b.outline ? cairo_stroke(pen_) : cairo_fill(pen_);
  }
  void operator()(const PictureDot& d) {
    set(d.color);
    cairo_new_sub_path(pen_);
    cairo_arc(pen_, d.x, d.y, d.radius, 0, 2 * std::numbers::pi);
    cairo_fill(pen_);
  }

 private:
  void set(Color c) { cairo_set_source_rgb(pen_, c.red / 255.0, c.green / 255.0, c.blue / 255.0); }

  cairo_t* pen_;
};

cairo_status_t append(void* file, const unsigned char* bytes, unsigned count) {
  static_cast<std::string*>(file)->append(reinterpret_cast<const char*>(bytes), count);
  return CAIRO_STATUS_SUCCESS;
}

void require(cairo_status_t status) {
  if (status == CAIRO_STATUS_SUCCESS) return;
  throw Error(status == CAIRO_STATUS_NO_MEMORY ? Exit::out_of_memory : Exit::internal,
              std::string("picture: cairo: ") + cairo_status_to_string(status));
}

std::string big_endian(std::uint32_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16), static_cast<char>(value >> 8),
          static_cast<char>(value)};
}

/// A chunk of text that says who wrote the file.
std::string signature_chunk() {
  const std::string text = std::string("tEXtSoftware") + '\0' + "Written by moe-plot " + version();
  return big_endian(static_cast<std::uint32_t>(text.size() - 4)) + text + big_endian(crc32_of(text));
}

}  // namespace

std::string png_file(const Picture& picture, double scale) {
  const double width = std::ceil(picture.width * scale), height = std::ceil(picture.height * scale);
  if (!(width * height <= kMaxPixels && width <= kMaxSide && height <= kMaxSide))
    throw Error(Exit::usage,
                "--png: expected a picture of at most 100 million pixels and 32,000 a side, found one of " +
                    std::to_string(static_cast<long>(width)) + " x " + std::to_string(static_cast<long>(height)) +
                    "; --scale makes it smaller");
  const Surface surface(
      cairo_image_surface_create(CAIRO_FORMAT_RGB24, static_cast<int>(width), static_cast<int>(height)),
      &cairo_surface_destroy);
  require(cairo_surface_status(surface.get()));
  const Pen pen(cairo_create(surface.get()), &cairo_destroy);
  cairo_set_source_rgb(pen.get(), 1, 1, 1);
  cairo_paint(pen.get());
  cairo_scale(pen.get(), scale, scale);
  cairo_set_line_join(pen.get(), CAIRO_LINE_JOIN_ROUND);
  CairoShapes shapes(pen.get());
  for (const PictureShape& shape : picture.shapes) std::visit(shapes, shape);
  require(cairo_status(pen.get()));
  std::string file;
  require(cairo_surface_write_to_png_stream(surface.get(), append, &file));
  return file.insert(kHeaderBytes, signature_chunk());
}

}  // namespace moelm
