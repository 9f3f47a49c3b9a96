// The charts of a page as inline SVG, with titles for screen readers. Colors come from the page's style.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/index.hpp"
#include "report/html_writer.hpp"

namespace moelm {

/// Title and description of a chart.
struct ChartTexts {
  std::string title;        ///< short, read out first
  std::string description;  ///< what is to be seen
};

/// Bars with a second value as a mark on each, against a dashed line at 1. With more than `kMaxBars` values the chart
/// shows the sorted values as a profile.
struct BarChart {
  ChartTexts texts;
  std::vector<std::string> names;
  std::vector<double> bars;   ///< relative to their mean
  std::vector<double> marks;  ///< relative to their mean; the same size
  std::vector<std::string> hints;
  std::string x_label, y_label;  ///< what the axes say

  static constexpr std::size_t kMaxBars = 96;
};

void draw(HtmlWriter& html, const BarChart& chart);

/// Cells colored by a value from -scale (one color) over 0 (neutral) to +scale (the other). NaN is blank.
struct HeatMap {
  ChartTexts texts;
  std::vector<std::string> rows, columns;
  std::string column_label;  ///< what the columns are
  std::function<double(std::size_t row, std::size_t column)> value;
  std::function<std::string(std::size_t row, std::size_t column)> hint;
  double scale = 3;
  Index row_name_columns = 14;  ///< characters of room for the names of rows
};

void draw(HtmlWriter& html, const HeatMap& map);

/// The key of a map's colors, between what the two ends mean.
void write_level_key(HtmlWriter& html, std::string_view less, std::string_view more);

struct CurvePoint {
  double x = 0;
  double y = 0;
};

struct Curve {
  std::string name;
  std::vector<CurvePoint> points;
  bool dots = false;  ///< mark each point: few, measured apart
};

/// Curves over a common x. Points that are not finite, or not positive on a logarithmic axis, are left out.
struct LineChart {
  ChartTexts texts;
  std::vector<Curve> curves;  ///< at most 6
  bool logarithmic = false;   ///< the axis of values
  bool logarithmic_x = false;
  bool from_zero = false;        ///< the axis begins at 0
  std::string x_label, y_label;  ///< what the axes say, with the unit
};

void draw(HtmlWriter& html, const LineChart& chart);

}  // namespace moelm
