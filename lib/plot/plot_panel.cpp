#include "plot/plot_panel.hpp"

#include <algorithm>
#include <cmath>

#include "report/chart_axes.hpp"

namespace moelm {

namespace {

constexpr double kLeft = 70, kRight = kPictureWidth - 24, kTitle = 26, kPlot = 250, kBelow = 46;
constexpr std::size_t kRows = 32, kColumns = 32;

Color lighter(Color c) {
  const auto mixed = [](std::uint8_t v) { return static_cast<std::uint8_t>(v + (255 - v) * 45 / 100); };
  return {mixed(c.red), mixed(c.green), mixed(c.blue)};
}

void add_text(Picture& picture, double x, double y, std::string text, Anchor anchor, Color color = kSoft) {
  picture.shapes.push_back(PictureText{x, y, std::move(text), color, anchor, 13, false});
}

void add_title(Picture& picture, double top, const std::string& title) {
  picture.shapes.push_back(PictureText{kLeft, top + 15, title, kInk, Anchor::start, 14, true});
}

struct Extent {
  double min = INFINITY, max = -INFINITY;
  void add(double value) { min = std::min(min, value), max = std::max(max, value); }
};

class CurveDrawing {
 public:
  CurveDrawing(const CurvePanel& panel, double top, Picture& picture)
      : panel_(panel), top_(top + kTitle), picture_(picture) {
    for (const PanelCurve& curve : panel.curves)
      for (const CurvePoint p : curve.points)
        if (usable(p)) x_.add(p.x), y_.add(p.y);
    if (panel.from_zero && !panel.logarithmic) y_.min = std::min(y_.min, 0.0);
    if (panel.from_zero && y_.min == y_.max) y_.max = y_.min + 1;
  }

  bool empty() const { return !(x_.min <= x_.max); }

  void draw() {
    const Axis x(x_.min, x_.max, 8, false, AxisEnds::data), y(y_.min, y_.max, 6, panel_.logarithmic);
    for (const double tick : y.ticks()) {
      const double at = top_ + kPlot * (1 - y.at(tick));
      picture_.shapes.push_back(PictureLine{{{kLeft, at}, {kRight, at}}, kGridColor, 1, 0});
      add_text(picture_, kLeft - 8, at + 4, Axis::label(tick), Anchor::end);
    }
    for (const double tick : x.ticks())
      add_text(picture_, place_x(x, tick), top_ + kPlot + 19, Axis::label(tick), Anchor::middle);
    add_text(picture_, kRight, top_ + kPlot + 38, panel_.x_label, Anchor::end);
    for (const bool faint : {true, false})
      for (const PanelCurve& curve : panel_.curves)
        if (curve.faint == faint) draw_curve(curve, x, y);
  }

 private:
  bool usable(CurvePoint p) const {
    return std::isfinite(p.x) && std::isfinite(p.y) && (!panel_.logarithmic || p.y > 0);
  }
  static double place_x(const Axis& x, double value) { return kLeft + (kRight - kLeft) * x.at(value); }

  void draw_curve(const PanelCurve& curve, const Axis& x, const Axis& y) {
    const Color color = curve.faint ? lighter(curve_color(curve.color)) : curve_color(curve.color);
    PictureLine line{{}, color, curve.faint ? 1.2 : 2.2, curve_dash(curve.color)};
    for (const CurvePoint p : curve.points)
      if (usable(p)) line.points.push_back({place_x(x, p.x), top_ + kPlot * (1 - y.at(p.y))});
    if (curve.dots)
      for (const CurvePoint p : line.points) picture_.shapes.push_back(PictureDot{p.x, p.y, 3.2, color});
    picture_.shapes.push_back(std::move(line));
  }

  const CurvePanel& panel_;
  double top_;
  Picture& picture_;
  Extent x_, y_;
};

void draw_key(double y, Picture& picture) {
  double x = kLeft;
  const auto box = [&](double value, bool none) {
    picture.shapes.push_back(PictureBox{x, y - 11, 14, 13, none ? kGridColor : level_color(value, 3), none});
    x += 16;
  };
  add_text(picture, kLeft - 8, y, "1/8", Anchor::end);
  for (int level = -3; level <= 3; ++level) box(level, false);
  add_text(picture, x + 4, y, "8 times the mean of all experts", Anchor::start);
  x += 230;
  box(0, true);
  add_text(picture, x + 4, y, "no token", Anchor::start);
}

}  // namespace

double draw_panel(const CurvePanel& panel, double top, Picture& picture) {
  CurveDrawing drawing(panel, top, picture);
  if (drawing.empty()) return 0;
  add_title(picture, top, panel.title);
  drawing.draw();
  return kTitle + kPlot + kBelow;
}

double draw_experts(const std::string& title, const ExpertHistory& history, double top, Picture& picture) {
  const std::size_t count = history.validations();
  if (count < 2) return 0;
  const std::vector<Index> experts = most_changed(fates(history), kRows);
  const std::vector<std::size_t> columns = evenly(count, kColumns);
  const double step = (kRight - kLeft) / static_cast<double>(columns.size()), height = 16;
  const std::size_t every = static_cast<std::size_t>(std::ceil(56 / step));
  add_title(picture, top, title);
  draw_key(top + 40, picture);
  const double first = top + 52;
  for (std::size_t r = 0; r < experts.size(); ++r) {
    const double y = first + height * static_cast<double>(r);
    add_text(picture, kLeft - 8, y + 12, std::to_string(experts[r]), Anchor::end, kInk);
    for (std::size_t c = 0; c < columns.size(); ++c) {
      const double use = history.use(columns[c], experts[r]), x = kLeft + step * static_cast<double>(c);
      const Color color = use > 0 ? level_color(std::log2(use), 3) : kGridColor;
      picture.shapes.push_back(PictureBox{x + 0.5, y + 0.5, step - 1, height - 1, color, use <= 0});
    }
  }
  const double below = first + height * static_cast<double>(experts.size());
  for (std::size_t c = 0; c < columns.size(); c += every)
    add_text(picture, kLeft + step * (static_cast<double>(c) + 0.5), below + 17, Axis::label(history.step(columns[c])),
             Anchor::middle);
  add_text(picture, kRight, below + 36, "optimizer step", Anchor::end);
  return below + 46 - top;
}

}  // namespace moelm
