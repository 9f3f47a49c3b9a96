// The section of one MoE layer: balance, load, classes, co-activation.
#include <algorithm>
#include <cmath>

#include "base/escape.hpp"
#include "base/quantity.hpp"
#include "report/html_report.hpp"
#include "report/html_table.hpp"
#include "terminal/format.hpp"

namespace moelm {
namespace {

constexpr Index kColumns = 48;     // experts beside each other in a heat map
constexpr std::size_t kRows = 30;  // classes below each other
constexpr Index kPairs = 40;       // experts of the co-activation map

/// A mean that is usually whole: 4, or 3.52.
std::string short_number(double value) { return format_fixed(value, value == std::floor(value) ? 0 : 2); }

void tile(HtmlWriter& html, const std::string& value, std::string_view meaning) {
  html.element("div", {{"class", "tile"}}, [&] {
    html.element("b", {}, value);
    html.element("span", {}, meaning);
  });
}

void write_tiles(HtmlWriter& html, const LayerStatistics& s) {
  html.element("div", {{"class", "tiles"}}, [&] {
    tile(html, format_fixed(s.cv_importance, 3), "CV of importance (0 is even)");
    tile(html, format_fixed(s.cv_load, 3), s.load_kind == "smooth" ? "CV of smooth load" : "CV of load (counts)");
    tile(html, format_fixed(s.max_over_mean_load, 2), "max / mean load");
    tile(html, format_fixed(s.max_over_mean_tokens, 2), "max / mean tokens");
    tile(html, format_fixed(s.jain, 3), "Jain's fairness of tokens (1 is even)");
    tile(html, format_fixed(std::exp(s.gate_entropy), 2),
         "of " + short_number(s.k_mean) + " experts share a token, by their gates");
    tile(html, format_count(static_cast<Index>(s.dead.size())), "dead experts: no token in this text");
  });
}

void key(HtmlWriter& html, const char* kind, std::string_view text) {
  html.element("span", {}, [&] {
    html.element("i", {{"class", kind}}, "");
    html.text(text);
  });
}

std::vector<double> over_mean(const LayerStatistics& s, double ExpertUse::*member) {
  double sum = 0;
  for (const ExpertUse& u : s.use) sum += u.*member;
  std::vector<double> values;
  for (const ExpertUse& u : s.use) values.push_back(sum > 0 ? u.*member * static_cast<double>(s.experts) / sum : 0);
  return values;
}

void write_load(HtmlWriter& html, const LayerStatistics& s) {
  BarChart chart;
  chart.texts = {"Load and importance of each expert, relative to their means",
                 "Most loaded expert " + format_fixed(s.max_over_mean_load, 2) + " times the mean, " +
                     format_counted(s.dead.size(), "expert") + " without a token."};
  chart.bars = over_mean(s, &ExpertUse::load);
  chart.marks = over_mean(s, &ExpertUse::importance);
  for (Index e = 0; e < s.experts; ++e) {
    chart.names.push_back(std::to_string(e));
    chart.hints.push_back("expert " + std::to_string(e) + ": load " + format_fixed(chart.bars[e], 2) +
                          " and importance " + format_fixed(chart.marks[e], 2) + " times the mean, " +
                          format_counted(s.use[e].tokens, "token"));
  }
  const bool sorted = chart.bars.size() > BarChart::kMaxBars;
  chart.y_label = "times the mean of all experts";
  chart.x_label = sorted ? "experts, sorted" : "expert";
  html.element("div", {{"class", "panel"}}, [&] {
    html.element("p", {{"class", "key"}}, [&] {
      key(html, "box bar", sorted ? "load, experts sorted by it" : "load by expert");
      key(html, sorted ? "c1" : "mark", sorted ? "importance, sorted by itself" : "importance");
      key(html, "even", "mean of all experts");
    });
    scroll_region(html, chart.texts.title, [&] { draw(html, chart); });
  });
}

std::string times(double log2_ratio) {
  return std::isnan(log2_ratio) ? "too few to say" : format_measure(std::exp2(log2_ratio), 2) + " times the average";
}

/// The numbers of a map, for those who cannot see its colors.
void write_map_table(HtmlWriter& html, const HeatMap& map, const std::string& row_name) {
  HtmlTable table;
  table.caption = map.texts.title + ": times the average";
  table.headings = {row_name};
  for (const std::string& column : map.columns) table.headings.push_back(map.column_label + " " + column);
  table.sortable = true;
  for (std::size_t r = 0; r < map.rows.size(); ++r) {
    std::vector<std::string>& row = table.rows.emplace_back(1, map.rows[r]);
    for (std::size_t c = 0; c < map.columns.size(); ++c) {
      const double value = map.value(r, c);
      row.push_back(std::isnan(value) ? "" : format_measure(std::exp2(value), 2));
    }
  }
  html.element("details", {}, [&] {
    html.element("summary", {}, "As a table");
    draw(html, table);
  });
}

/// Whether no cell has enough tokens.
bool is_blank(const HeatMap& map) {
  for (std::size_t r = 0; r < map.rows.size(); ++r)
    for (std::size_t c = 0; c < map.columns.size(); ++c)
      if (!std::isnan(map.value(r, c))) return false;
  return true;
}

/// The most frequent classes, in their own order.
std::vector<Index> shown_classes(const LayerStatistics& s) {
  std::vector<Index> order;
  for (Index l = 0; l < s.labels; ++l)
    if (s.label_rows[l] > 0) order.push_back(l);
  std::stable_sort(order.begin(), order.end(), [&](Index a, Index b) { return s.label_rows[a] > s.label_rows[b]; });
  order.resize(std::min(order.size(), kRows));
  std::sort(order.begin(), order.end());
  return order;
}

/// Sorts experts by their preferred class, so that the map shows blocks.
void sort_by_class(const LayerStatistics& s, const std::vector<Index>& classes, std::vector<Index>& experts) {
  const auto favourite = [&](Index e) {
    std::pair<double, std::size_t> best{-INFINITY, classes.size()};
    for (std::size_t c = 0; c < classes.size(); ++c) {
      const double preference = class_preference(s, classes[c], e);
      if (preference > best.first) best = {preference, c};
    }
    return best;
  };
  std::vector<std::pair<double, std::size_t>> of(s.experts);
  for (const Index e : experts) of[e] = favourite(e);
  std::stable_sort(experts.begin(), experts.end(), [&](Index a, Index b) {
    return of[a].second != of[b].second ? of[a].second < of[b].second : of[a].first > of[b].first;
  });
}

void write_information(HtmlWriter& html, const StatisticsReport& report, const LayerStatistics& s) {
  const InformationReport& i = s.information;
  if (i.rows == 0) return;
  const auto bits = [](const Information& value) {
    return format_fixed(value.nats, 3) + " nats (" + format_fixed(value.shuffled, 3) + " shuffled)";
  };
  html.element("p", {{"class", "lead"}}, [&] {
    html.text("Knowing the expert tells " + bits(i.label_expert) + " about the " + report.class_kind + ", out of " +
              format_fixed(i.label_entropy, 3) + ". ");
    if (!report.classes_of_tokens)
      html.text("Beyond what the token itself tells, the expert still knows " + bits(i.label_given_token) + " of it. ");
    html.text("The token read explains " + bits(i.token_expert) + " of the " + format_fixed(i.expert_entropy, 3) +
              " nats of the choice of experts.");
  });
}

void write_classes(HtmlWriter& html, const StatisticsReport& report, const LayerStatistics& s) {
  const std::vector<Index> classes = shown_classes(s);
  if (classes.empty()) return;
  std::vector<Index> experts = shown_experts(s, kColumns);
  std::erase_if(experts, [&](Index e) { return s.use[e].tokens == 0; });
  sort_by_class(s, classes, experts);
  HeatMap map;
  map.texts = {"Experts by " + report.class_kind,
               "Each cell: how much more or less often than on average the expert is chosen for that class."};
  for (const Index l : classes) {
    map.rows.push_back(shorten(escape_terminal(report.class_names[l]), 24));
    map.row_name_columns = std::max(map.row_name_columns, display_width(map.rows.back()));
  }
  map.column_label = "expert";
  for (const Index e : experts) map.columns.push_back(std::to_string(e));
  map.value = [&](std::size_t r, std::size_t c) { return class_preference(s, classes[r], experts[c]); };
  map.hint = [&](std::size_t r, std::size_t c) {
    return "expert " + map.columns[c] + ", " + map.rows[r] + ": " + times(map.value(r, c));
  };
  if (is_blank(map)) return;
  html.element(
      "h3", {},
      "Which " + report.class_kind + (report.class_kind == "token class" ? "es" : "s") + " go to which experts");
  write_information(html, report, s);
  html.element("div", {{"class", "panel"}}, [&] {
    write_level_key(html, "8 times less often ",
                    "8 times more often than on average; columns are experts, sorted by what they prefer");
    scroll_region(html, map.texts.title, [&] { draw(html, map); });
  });
  write_map_table(html, map, report.class_kind);
}

/// The pairs that work together most often beyond chance, in words.
void write_closest(HtmlWriter& html, const HeatMap& map) {
  std::vector<std::pair<double, std::string>> pairs;
  for (std::size_t r = 0; r < map.rows.size(); ++r)
    for (std::size_t c = r + 1; c < map.columns.size(); ++c)
      if (const double value = map.value(r, c); value > 0)
        pairs.emplace_back(
            value, map.rows[r] + " and " + map.columns[c] + " (" + format_measure(std::exp2(value), 2) + " times)");
  if (pairs.empty()) return;
  std::stable_sort(pairs.begin(), pairs.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  std::string text;
  for (std::size_t i = 0; i < std::min<std::size_t>(pairs.size(), 6); ++i)
    text += (i > 0 ? ", " : "") + pairs[i].second;
  html.element("p", {{"class", "lead"}}, "More often together than by chance: " + text + ".");
}

void write_pairs(HtmlWriter& html, const LayerStatistics& s) {
  if (s.k_mean <= 1 || s.experts < 3) return;
  // Of many experts only those with most tokens, because rarely used experts never meet.
  std::vector<Index> experts = shown_experts(s, s.experts <= kPairs ? kPairs : 2 * kPairs);
  std::erase_if(experts, [&](Index e) { return s.use[e].tokens == 0; });
  experts.resize(std::min(experts.size(), static_cast<std::size_t>(kPairs)));
  HeatMap map;
  map.texts = {"Co-activation of experts",
               "Each cell: how much more or less often than by chance two experts serve the same token."};
  map.row_name_columns = 4;
  map.scale = 2;
  map.column_label = "expert";
  for (const Index e : experts) map.columns.push_back(std::to_string(e));
  map.rows = map.columns;
  map.value = [&](std::size_t r, std::size_t c) { return pair_preference(s, experts[r], experts[c]); };
  map.hint = [&](std::size_t r, std::size_t c) {
    if (r == c) return "expert " + map.columns[r];
    return "experts " + map.rows[r] + " and " + map.columns[c] + ": " + times(map.value(r, c)) + ", " +
           format_counted(s.together.count(experts[r], experts[c]), "token");
  };
  if (is_blank(map)) return;
  html.element("h3", {}, "Which experts work together");
  write_closest(html, map);
  html.element("div", {{"class", "panel"}}, [&] {
    write_level_key(html, "4 times less often ",
                    s.experts <= kPairs ? "4 times more often than by chance"
                                        : "4 times more often than by chance; the most used experts");
    scroll_region(html, map.texts.title, [&] { draw(html, map); });
  });
}

/// The tokens that an expert prefers, in a few words.
std::string preferred(const ExpertWords& words) {
  std::string text;
  for (std::size_t i = 0; i < std::min<std::size_t>(words.by_lift.size(), 4); ++i)
    text += (i > 0 ? " " : "") + words.by_lift[i].token;
  return text;
}

void write_table(HtmlWriter& html, const LayerReport& layer) {
  const LayerStatistics& s = layer.statistics;
  HtmlTable table;
  table.caption = "All experts of layer " + std::to_string(s.layer);
  table.headings = {"expert", "tokens", "share", "importance", "load", "mean gate", "highest gate in", "prefers"};
  table.sortable = true;
  for (Index e = 0; e < s.experts; ++e) {
    const ExpertUse& u = s.use[e];
    table.rows.push_back({std::to_string(e), format_count(u.tokens), format_percent(u.share, 2),
                          format_fixed(u.importance, 1), format_fixed(u.load, 1), format_fixed(u.mean_gate, 3),
                          format_count(u.first), preferred(layer.words[e])});
  }
  html.element("details", {}, [&] {
    html.element("summary", {}, table.caption + " as a table");
    draw(html, table);
  });
}

}  // namespace

void write_layer(HtmlWriter& html, const StatisticsReport& report, const LayerReport& layer) {
  const LayerStatistics& s = layer.statistics;
  html.element("h2", {},
               "Layer " + std::to_string(s.layer) + ": " + format_counted(s.experts, "expert") + ", " +
                   short_number(s.k_mean) + " for each token");
  html.element("p", {{"class", "lead"}},
               format_counted(s.rows, "token") + " routed, " +
                   format_counted(static_cast<Index>(std::llround(s.k_mean * static_cast<double>(s.rows))), "choice") +
                   " in all. " + kNoiseNote);
  write_tiles(html, s);
  html.element("h3", {}, "Load and importance");
  write_load(html, s);
  write_table(html, layer);
  if (!report.sentence.empty()) return;  // a few tokens say nothing about classes and pairs
  write_classes(html, report, s);
  write_pairs(html, s);
}

}  // namespace moelm
