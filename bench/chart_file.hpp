// A line chart as an SVG file of its own, on a light background.
#pragma once

#include <string>

#include "report/charts.hpp"

namespace moelm {

/// The chart with a heading above and a key of its curves below. `curve_styles` are the CSS rules of curves .c0, .c1,
/// ...; entries of the key are `key_width` units wide.
std::string chart_file(const LineChart& chart, const std::string& heading, const std::string& curve_styles,
                       int key_width);

}  // namespace moelm
