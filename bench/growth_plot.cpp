#include "bench/growth_plot.hpp"

#include <algorithm>

#include "bench/cases.hpp"
#include "bench/chart_file.hpp"

namespace moelm {

namespace {

// One color a type, rooflines dashed.
constexpr const char* kCurveStyles = ".c0,.c1{stroke:#2563c9}.c2,.c3{stroke:#d9480f}.c1,.c3{stroke-dasharray:5 4}";

bool is_plotted(const BenchResult& r) { return r.part == kGrowthPart && !r.layers.empty(); }

/// Of one type: what was measured, and the roofline below it.
std::vector<Curve> curves_of(const Ceilings& ceilings, std::span<const BenchResult> results, const std::string& type) {
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
  return chart_file(chart, "milliseconds a training step, by the number of experts", kCurveStyles, 134);
}

}  // namespace moelm
