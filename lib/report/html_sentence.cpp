// A short text token by token: the token read, the token predicted, and the experts.
#include "report/html_report.hpp"
#include "terminal/format.hpp"

namespace moelm {
namespace {

constexpr std::size_t kShownExperts = 8;

void write_experts_of(HtmlWriter& html, const std::vector<std::pair<std::int32_t, float>>& experts) {
  html.element("ul", {{"class", "chips"}}, [&] {
    for (std::size_t i = 0; i < experts.size() && i < kShownExperts; ++i)
      html.element("li", {{"title", "expert " + std::to_string(experts[i].first)}}, [&] {
        html.text(std::to_string(experts[i].first));
        html.element("small", {}, format_fixed(static_cast<double>(experts[i].second), 2));
      });
    if (experts.size() > kShownExperts)
      html.element("li", {}, "and " + std::to_string(experts.size() - kShownExperts) + " more");
    if (experts.empty()) html.element("li", {}, "none");
  });
}

}  // namespace

void write_sentence(HtmlWriter& html, const StatisticsReport& report) {
  if (report.sentence.empty()) return;
  html.element("section", {{"id", "sentence"}}, [&] {
    html.element("h2", {}, "The text and its experts");
    html.element(
        "p", {{"class", "lead"}},
        "Each row: the token that was read, the experts that worked on it with their gates, and the token that "
        "came next with the probability that the model gave it.");
    html.element("table", {}, [&] {
      html.element("thead", {}, [&] {
        html.element("tr", {}, [&] {
          html.element("th", {{"scope", "col"}}, "reads");
          for (const LayerReport& layer : report.layers)
            html.element("th", {{"scope", "col"}},
                         "experts of layer " + std::to_string(layer.statistics.layer) + " (gate)");
          html.element("th", {{"scope", "col"}}, "comes next");
          html.element("th", {{"scope", "col"}}, "probability");
        });
      });
      html.element("tbody", {}, [&] {
        for (const RoutedToken& row : report.sentence)
          html.element("tr", {}, [&] {
            html.element("td", {}, row.token);
            for (const auto& experts : row.experts) html.element("td", {}, [&] { write_experts_of(html, experts); });
            html.element("td", {}, row.next);
            html.element("td", {}, format_measure(row.probability, 2));
          });
      });
    });
  });
}

}  // namespace moelm
