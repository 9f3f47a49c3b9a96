#include "bench/growth_plot.hpp"

#include <algorithm>

#include "bench/cases.hpp"
#include "report/charts.hpp"

namespace moelm {

namespace {

// A file of its own has no page around it, so it brings colors for a light background: one a type, rooflines dashed.
constexpr const char* kStyle =
    "text{font:12px system-ui,sans-serif;fill:#46525f}text.title{font-size:14px;fill:#16202c}"
    ".end{text-anchor:end}.middle{text-anchor:middle}.grid{stroke:#e7eaee}"
    ".curve{fill:none;stroke-width:1.8}.dot{stroke-width:1.5;fill:#ffffff}"
    ".c0,.c1{stroke:#2563c9}.c2,.c3{stroke:#d9480f}.c1,.c3{stroke-dasharray:5 4}";

bool is_plotted(const BenchResult& r) { return r.part == kGrowthPart && !r.layers.empty(); }

/// Of one type: what was measured, and the roofline below it.
std::vector<Curve> curves_of(const Ceilings& ceilings, std::span<const BenchResult> results, const char* type) {
  Curve measured{std::string("measured, ") + type, {}, true}, roofline{std::string("roofline, ") + type, {}};
  for (const BenchResult& r : results) {
    if (!is_plotted(r) || r.dtype != type) continue;
    const auto experts = static_cast<double>(r.layers.front().experts);
    measured.points.push_back({experts, 1e3 * r.seconds});
    roofline.points.push_back({experts, 1e3 * ceilings.roofline_seconds(r)});
  }
  if (measured.points.empty()) return {};
  for (Curve* curve : {&measured, &roofline})
    std::sort(curve->points.begin(), curve->points.end(),
              [](const CurvePoint& a, const CurvePoint& b) { return a.x < b.x; });
  return {measured, roofline};
}

void key(HtmlWriter& svg, const std::vector<Curve>& curves) {
  for (std::size_t i = 0; i < curves.size(); ++i) {
    const auto x = 48 + 134 * static_cast<int>(i);
    svg.empty("path", {{"class", "curve c" + std::to_string(i)}, {"d", "M" + std::to_string(x) + " 372h18"}});
    svg.element("text", {{"x", std::to_string(x + 24)}, {"y", "376"}}, curves[i].name);
  }
}

}  // namespace

std::string growth_plot(const Ceilings& ceilings, std::span<const BenchResult> results) {
  LineChart chart;
  chart.texts = {"Time of a training step by the number of experts",
                 "Milliseconds a step, measured and at the roofline"};
  chart.logarithmic = chart.logarithmic_x = true;
  chart.x_label = "experts, logarithmic";
  chart.y_label = "milliseconds a step, logarithmic";
  for (const DataType type : {DataType::f32, DataType::bf16})
    for (Curve& curve : curves_of(ceilings, results, data_type_name(type))) chart.curves.push_back(std::move(curve));

  HtmlWriter svg;
  svg.element(
      "svg", {{"xmlns", "http://www.w3.org/2000/svg"}, {"viewBox", "0 0 640 400"}, {"width", "640"}, {"height", "400"}},
      [&] {
        svg.element("style", {}, kStyle);
        svg.empty("rect", {{"width", "640"}, {"height", "400"}, {"fill", "#ffffff"}});
        svg.element("text", {{"class", "title"}, {"x", "48"}, {"y", "22"}},
                    "milliseconds a training step, by the number of experts");
        svg.element("svg", {{"y", "30"}, {"width", "640"}, {"height", "320"}}, [&] { draw(svg, chart); });
        key(svg, chart.curves);
      });
  return svg.str();
}

}  // namespace moelm
