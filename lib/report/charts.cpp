#include "report/charts.hpp"

#include <algorithm>
#include <cmath>

#include "base/escape.hpp"
#include "report/chart_axes.hpp"

namespace moelm {
namespace {

/// The frame of every chart: an image with title and description, of `width` x `height` units.
void figure(HtmlWriter& html, const ChartTexts& texts, const char* kind, double width, double height,
            const HtmlWriter::Content& content) {
  html.element("svg",
               {{"class", kind},
                {"viewBox", "0 0 " + coordinate(width) + " " + coordinate(height)},
                {"role", "img"},
                {"aria-label", texts.title + ". " + texts.description}},
               [&] {
                 html.element("title", {}, texts.title);
                 html.element("desc", {}, texts.description);
                 content();
               });
}

void line(HtmlWriter& html, const char* kind, double x1, double y1, double x2, double y2) {
  html.empty("line", {{"class", kind},
                      {"x1", coordinate(x1)},
                      {"y1", coordinate(y1)},
                      {"x2", coordinate(x2)},
                      {"y2", coordinate(y2)}});
}

void label(HtmlWriter& html, const char* kind, double x, double y, std::string_view text) {
  html.element("text", {{"class", kind}, {"x", coordinate(x)}, {"y", coordinate(y)}}, text);
}

/// A rectangle that shows its value on hover.
void cell(HtmlWriter& html, const std::string& kind, double x, double y, double width, double height,
          std::string_view hint) {
  html.element("rect",
               {{"class", kind},
                {"x", coordinate(x)},
                {"y", coordinate(y)},
                {"width", coordinate(width)},
                {"height", coordinate(height)}},
               [&] { html.element("title", {}, hint); });
}

constexpr double kWidth = 960, kLeft = 44, kTop = 24, kPlot = 200;

void value_axis(HtmlWriter& html, const Axis& axis, double left, double right, double top, double height) {
  for (const double tick : axis.ticks()) {
    const double y = top + height * (1 - axis.at(tick));
    line(html, "grid", left, y, right, y);
    label(html, "tick end", left - 6, y + 4, Axis::label(tick));
  }
}

/// The names of both axes: that of the values above the top, that of the places below the right end.
void axis_names(HtmlWriter& html, const std::string& y_label, const std::string& x_label, double right, double bottom) {
  if (!y_label.empty()) label(html, "tick", 4, 12, y_label);
  if (!x_label.empty()) label(html, "tick end", right, bottom, x_label);
}

void draw_profile(HtmlWriter& html, const BarChart& chart, const Axis& axis) {
  const auto profile = [&](std::vector<double> values) {
    std::sort(values.rbegin(), values.rend());
    std::string path = "M" + coordinate(kLeft) + " " + coordinate(kTop + kPlot);
    const double step = (kWidth - kLeft) / static_cast<double>(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double x = kLeft + step * static_cast<double>(i), y = kTop + kPlot * (1 - axis.at(values[i]));
      path += "L" + coordinate(x) + " " + coordinate(y) + "L" + coordinate(x + step) + " " + coordinate(y);
    }
    return path;
  };
  html.empty("path", {{"class", "area"},
                      {"d", profile(chart.bars) + "L" + coordinate(kWidth) + " " + coordinate(kTop + kPlot) + "Z"}});
  html.empty("path", {{"class", "curve c1"}, {"d", profile(chart.marks)}});
  label(html, "tick", kLeft, kTop + kPlot + 16, "most");
  label(html, "tick end", kWidth, kTop + kPlot + 16, "least");
}

void draw_bars(HtmlWriter& html, const BarChart& chart, const Axis& axis) {
  const std::size_t count = chart.bars.size();
  const double step = std::min(112.0, (kWidth - kLeft) / static_cast<double>(count)), width = step * 0.72;
  const std::size_t every = step < 11 ? 8 : step < 22 ? 2 : 1;
  for (std::size_t i = 0; i < count; ++i) {
    const double x = kLeft + step * (static_cast<double>(i) + 0.14), base = kTop + kPlot;
    const double top = kTop + kPlot * (1 - axis.at(chart.bars[i]));
    const double mark = kTop + kPlot * (1 - axis.at(chart.marks[i]));
    cell(html, "bar", x, top, width, std::max(base - top, 0.75), chart.hints[i]);
    line(html, "mark", x - 1, mark, x + width + 1, mark);
    if (i % every == 0) label(html, "tick middle", x + width / 2, base + 16, chart.names[i]);
  }
}

/// Nine levels d0 ... d8, neutral d4.
std::string level(double value, double scale) {
  const double place = std::clamp(value / scale, -1.0, 1.0) * 4;
  return "cell d" + std::to_string(4 + static_cast<int>(std::lround(place)));
}

}  // namespace

void draw(HtmlWriter& html, const BarChart& chart) {
  if (chart.bars.empty()) return;
  const double max_value = std::max({1.0, *std::max_element(chart.bars.begin(), chart.bars.end()),
                                     *std::max_element(chart.marks.begin(), chart.marks.end())});
  const Axis axis(0, max_value, 4, false);
  figure(html, chart.texts, "chart wide", kWidth, kTop + kPlot + 38, [&] {
    axis_names(html, chart.y_label, chart.x_label, kWidth, kTop + kPlot + 34);
    value_axis(html, axis, kLeft, kWidth, kTop, kPlot);
    if (chart.bars.size() > BarChart::kMaxBars)
      draw_profile(html, chart, axis);
    else
      draw_bars(html, chart, axis);
    const double even = kTop + kPlot * (1 - axis.at(1));
    line(html, "even", kLeft, even, kWidth, even);
  });
}

void draw(HtmlWriter& html, const HeatMap& map) {
  if (map.rows.empty() || map.columns.empty()) return;
  const Index names = std::max(map.row_name_columns, display_width(map.column_label));
  const double left = 12 + 7.2 * static_cast<double>(names);
  const double step = std::clamp((kWidth - left) / static_cast<double>(map.columns.size()), 10.0, 52.0);
  const double row_height = std::clamp(step, 18.0, 26.0), top = 22;
  Index longest = 1;
  for (const std::string& name : map.columns) longest = std::max(longest, display_width(name));
  const auto every = static_cast<std::size_t>(std::ceil((7.2 * static_cast<double>(longest) + 4) / step));
  const double height = top + row_height * static_cast<double>(map.rows.size()) + 4;
  figure(html, map.texts, "chart wide", kWidth, height, [&] {
    label(html, "name end", left - 8, top - 8, map.column_label);
    for (std::size_t c = 0; c < map.columns.size(); c += every)
      label(html, "tick middle", left + step * (static_cast<double>(c) + 0.5), top - 8, map.columns[c]);
    for (std::size_t r = 0; r < map.rows.size(); ++r) {
      const double y = top + row_height * static_cast<double>(r);
      label(html, "name end", left - 8, y + row_height / 2 + 4, map.rows[r]);
      for (std::size_t c = 0; c < map.columns.size(); ++c) {
        const double value = map.value(r, c);
        const std::string kind = std::isnan(value) ? "cell none" : level(value, map.scale);
        cell(html, kind, left + step * static_cast<double>(c) + 0.75, y + 0.75, step - 1.5, row_height - 1.5,
             map.hint(r, c));
      }
    }
  });
}

void write_level_key(HtmlWriter& html, std::string_view less, std::string_view more) {
  html.element("p", {{"class", "key"}}, [&] {
    html.element("span", {}, [&] {
      html.text(std::string(less) + " ");
      for (int l = 0; l <= 8; ++l) html.element("i", {{"class", "box d" + std::to_string(l)}}, "");
      html.text(more);
    });
  });
}

void draw(HtmlWriter& html, const LineChart& chart) {
  constexpr double kChartWidth = 470, kChartLeft = 58, kRight = 20, kHeight = 190;
  const auto usable = [&](CurvePoint p) {
    return std::isfinite(p.x) && std::isfinite(p.y) && (!chart.logarithmic || p.y > 0) &&
           (!chart.logarithmic_x || p.x > 0);
  };
  double x_min = INFINITY, x_max = -INFINITY, y_min = INFINITY, y_max = -INFINITY;
  for (const Curve& curve : chart.curves)
    for (const CurvePoint p : curve.points) {
      if (!usable(p)) continue;
      x_min = std::min(x_min, p.x), x_max = std::max(x_max, p.x);
      y_min = std::min(y_min, p.y), y_max = std::max(y_max, p.y);
    }
  if (!(x_min <= x_max)) return;
  if (chart.from_zero && !chart.logarithmic) y_min = std::min(y_min, 0.0);
  if (chart.from_zero && y_min == y_max) y_max = y_min + 1;
  const Axis x(x_min, x_max, 5, chart.logarithmic_x, AxisEnds::data), y(y_min, y_max, 5, chart.logarithmic);
  const double width = kChartWidth - kChartLeft - kRight;
  const auto place_x = [&](double v) { return kChartLeft + width * x.at(v); };
  const auto place_y = [&](double v) { return kTop + kHeight * (1 - y.at(v)); };
  figure(html, chart.texts, "chart", kChartWidth, kTop + kHeight + 40, [&] {
    axis_names(html, chart.y_label, chart.x_label, kChartWidth - kRight, kTop + kHeight + 34);
    value_axis(html, y, kChartLeft, kChartWidth - kRight, kTop, kHeight);
    for (const double tick : x.ticks())
      label(html, "tick middle", place_x(tick), kTop + kHeight + 18, Axis::label(tick));
    for (std::size_t i = 0; i < chart.curves.size(); ++i) {
      const std::string color = "c" + std::to_string(i % 6);
      std::string path;
      for (const CurvePoint p : chart.curves[i].points) {
        if (!usable(p)) continue;
        path += (path.empty() ? "M" : "L") + coordinate(place_x(p.x)) + " " + coordinate(place_y(p.y));
      }
      if (!path.empty()) html.empty("path", {{"class", "curve " + color}, {"d", path}});
      for (const CurvePoint p : chart.curves[i].points)
        if (chart.curves[i].dots && usable(p))
          html.element("circle",
                       {{"class", "dot " + color},
                        {"cx", coordinate(place_x(p.x))},
                        {"cy", coordinate(place_y(p.y))},
                        {"r", "3"}},
                       [&] {
                         html.element("title", {},
                                      chart.curves[i].name + " " + coordinate(p.y) + " at " + Axis::label(p.x));
                       });
    }
  });
}

}  // namespace moelm
