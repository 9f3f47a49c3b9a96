// The experts of each layer over the course of training, from the validations in metrics.jsonl.
#include <algorithm>
#include <cmath>
#include <limits>

#include "base/quantity.hpp"
#include "report/chart_axes.hpp"
#include "report/html_report.hpp"
#include "report/html_table.hpp"
#include "terminal/format.hpp"

namespace moelm {
namespace {

constexpr std::size_t kMapRows = 32;     // experts in the map
constexpr std::size_t kMapColumns = 32;  // validations in it
constexpr std::size_t kNames = 40;       // experts in a list
constexpr std::size_t kMovers = 5;

/// "4, 17, 23", or "none".
std::string listed(const std::vector<ExpertFate>& all, const std::function<bool(const ExpertFate&)>& chosen,
                   const std::function<std::string(const ExpertFate&)>& text) {
  std::string names;
  std::size_t count = 0;
  for (const ExpertFate& fate : all) {
    if (!chosen(fate)) continue;
    if (++count <= kNames) names += (names.empty() ? "" : ", ") + text(fate);
  }
  if (count > kNames) names += " and " + std::to_string(count - kNames) + " more";
  return names.empty() ? "none" : names;
}

void write_fates(HtmlWriter& html, const std::vector<ExpertFate>& all) {
  const auto name = [](const ExpertFate& f) { return std::to_string(f.expert); };
  const std::pair<const char*, std::string> lines[] = {
      {"Never had a token", listed(
                                all, [](const ExpertFate& f) { return !f.ever_used; }, name)},
      {"Died, with the step from which on they had none",
       listed(
           all, [](const ExpertFate& f) { return f.ever_used && f.unused_since; },
           [&](const ExpertFate& f) { return name(f) + " (" + Axis::label(*f.unused_since) + ")"; })},
      {"Were without a token and came back", listed(
                                                 all, [](const ExpertFate& f) { return f.revived; }, name)}};
  html.element("dl", {{"class", "facts"}}, [&] {
    for (const auto& line : lines)
      html.element("div", {}, [&] {
        html.element("dt", {}, line.first);
        html.element("dd", {}, line.second);
      });
    html.element("div", {}, [&] {
      html.element("dt", {}, "Moved most: use in the first and last validation, times the mean");
      std::string movers;
      const std::vector<ExpertFate> order = by_change(all);
      for (std::size_t i = 0; i < std::min(order.size(), kMovers); ++i)
        movers += (i > 0 ? "; " : "") + name(order[i]) + ": " + format_fixed(order[i].first, 2) + " to " +
                  format_fixed(order[i].last, 2);
      html.element("dd", {}, movers);
    });
  });
}

void write_map(HtmlWriter& html, const ExpertHistory& history, const std::vector<Index>& experts) {
  const std::vector<std::size_t> columns = evenly(history.validations(), kMapColumns);
  HeatMap map;
  map.texts = {"Use of the experts of layer " + std::to_string(history.layer()) + " over training",
               "Each cell: the expert's tokens in a validation over the mean of all experts. An empty cell: no token."};
  map.row_name_columns = 5;
  map.column_label = "step";
  for (const Index expert : experts) map.rows.push_back(std::to_string(expert));
  for (const std::size_t v : columns) map.columns.push_back(Axis::label(history.step(v)));
  const auto use = [&](std::size_t r, std::size_t c) { return history.use(columns[c], experts[r]); };
  map.value = [&](std::size_t r, std::size_t c) {
    const double value = use(r, c);
    return value > 0 ? std::log2(value) : std::numeric_limits<double>::quiet_NaN();
  };
  map.hint = [&](std::size_t r, std::size_t c) {
    return "expert " + map.rows[r] + ", step " + map.columns[c] + ": " +
           (use(r, c) > 0 ? format_measure(use(r, c), 2) + " times the mean" : std::string("no token"));
  };
  html.element("div", {{"class", "panel"}}, [&] {
    write_level_key(html, "1/8 of the mean ", "8 times the mean of all experts; empty: no token");
    scroll_region(html, map.texts.title, [&] { draw(html, map); });
  });
}

void write_numbers(HtmlWriter& html, const ExpertHistory& history, const std::vector<ExpertFate>& all) {
  HtmlTable table;
  table.caption = "Use of the experts of layer " + std::to_string(history.layer()) + " by validation, times the mean";
  table.sortable = true;
  const std::vector<std::size_t> columns = evenly(history.validations(), 8);
  table.headings = {"expert"};
  for (const std::size_t v : columns) table.headings.push_back("step " + Axis::label(history.step(v)));
  for (const ExpertFate& fate : all) {
    table.rows.push_back({std::to_string(fate.expert)});
    for (const std::size_t v : columns) table.rows.back().push_back(format_fixed(history.use(v, fate.expert), 2));
  }
  html.element("details", {}, [&] {
    html.element("summary", {}, "As a table");
    draw(html, table);
  });
}

}  // namespace

void write_history(HtmlWriter& html, const TrainingCurves& curves) {
  for (const ExpertHistory& history : curves.history) {
    const std::size_t count = history.validations();
    if (count < 2) continue;
    const std::vector<ExpertFate> all = fates(history);
    html.element("h3", {}, "Layer " + std::to_string(history.layer()) + ": its experts over training");
    html.element(
        "p", {{"class", "lead"}},
        "From " + std::to_string(count) + " validations, without noise in the gates. Between the last two, " +
            format_percent(history.moved(count - 1)) + " of all choices went to other experts; between the " +
            "first two " + format_percent(history.moved(1)) + "." +
            (all.size() > kMapRows ? " The map shows the " + std::to_string(kMapRows) + " that changed most." : ""));
    write_fates(html, all);
    write_map(html, history, most_changed(all, kMapRows));
    write_numbers(html, history, all);
  }
}

}  // namespace moelm
