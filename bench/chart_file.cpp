#include "bench/chart_file.hpp"

namespace moelm {

namespace {

// There is no page around a file of its own, so it brings colors.
constexpr const char* kStyle =
    "text{font:12px system-ui,sans-serif;fill:#46525f}text.title{font-size:14px;fill:#16202c}"
    ".end{text-anchor:end}.middle{text-anchor:middle}.grid{stroke:#e7eaee}"
    ".curve{fill:none;stroke-width:1.8}.dot{stroke-width:1.5;fill:#ffffff}";

}  // namespace

std::string chart_file(const LineChart& chart, const std::string& heading, const std::string& curve_styles,
                       int key_width) {
  HtmlWriter svg;
  svg.element(
      "svg", {{"xmlns", "http://www.w3.org/2000/svg"}, {"viewBox", "0 0 640 400"}, {"width", "640"}, {"height", "400"}},
      [&] {
        svg.element("style", {}, kStyle + curve_styles);
        svg.empty("rect", {{"width", "640"}, {"height", "400"}, {"fill", "#ffffff"}});
        svg.element("text", {{"class", "title"}, {"x", "48"}, {"y", "22"}}, heading);
        svg.element("svg", {{"y", "30"}, {"width", "640"}, {"height", "320"}}, [&] { draw(svg, chart); });
        for (std::size_t i = 0; i < chart.curves.size(); ++i) {
          const auto x = 48 + key_width * static_cast<int>(i);
          svg.empty("path", {{"class", "curve c" + std::to_string(i)}, {"d", "M" + std::to_string(x) + " 372h18"}});
          svg.element("text", {{"x", std::to_string(x + 24)}, {"y", "376"}}, chart.curves[i].name);
        }
      });
  return svg.str();
}

}  // namespace moelm
