// A short text token by token: in the colors of its experts, then as a table with all gates and probabilities.
#include "report/html_report.hpp"
#include "report/html_table.hpp"
#include "report/sentence_report.hpp"
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

/// "expert 6 0.51, expert 2 0.30".
std::string gates_text(const std::vector<std::pair<std::int32_t, float>>& experts) {
  std::string text;
  for (const auto& [expert, gate] : experts)
    text += (text.empty() ? "expert " : ", expert ") + std::to_string(expert) + " " +
            format_fixed(static_cast<double>(gate), 2);
  return text;
}

void write_colored(HtmlWriter& html, const StatisticsReport& report, std::size_t layer) {
  const auto colors = expert_colors(report, layer, kColors);
  html.element("h3", {}, "Layer " + std::to_string(report.layers[layer].statistics.layer));
  html.element("p", {{"class", "tokens"}}, [&] {
    for (const RoutedToken& row : report.sentence) {
      const auto& experts = row.experts[layer];
      const std::string color = experts.empty() ? "" : " e" + std::to_string(colors.at(experts.front().first));
      html.element("span", {{"class", "token" + color}, {"title", gates_text(experts)}}, [&] {
        html.text(row.token);
        html.element("sub", {}, experts.empty() ? "none" : std::to_string(experts.front().first));
      });
      html.text(report.token_separator);
    }
  });
}

void write_rows(HtmlWriter& html, const StatisticsReport& report) {
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
}

}  // namespace

void write_sentence(HtmlWriter& html, const StatisticsReport& report) {
  if (report.sentence.empty()) return;
  html.element("section", {{"id", "sentence"}}, [&] {
    html.element("h2", {}, "The text and its experts");
    if (!report.layers.empty())
      html.element(
          "p", {{"class", "lead"}},
          "Each token that was read, with the number of the expert that had the highest gate, and in the color "
          "of this expert; the first token stands for the start.");
    for (std::size_t l = 0; l < report.layers.size(); ++l) write_colored(html, report, l);
    html.element("h3", {}, "All gates, and how probable each token was");
    html.element(
        "p", {{"class", "lead"}},
        "Each row: the token that was read, the experts that worked on it with their gates, and the token that "
        "came next with the probability that the model gave it.");
    scroll_region(html, "The text token by token", [&] { write_rows(html, report); });
  });
}

}  // namespace moelm
