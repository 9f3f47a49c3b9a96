#include "report/sentence_report.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/escape.hpp"
#include "base/quantity.hpp"
#include "terminal/format.hpp"
#include "terminal/table.hpp"

namespace moelm {

namespace {

constexpr Index kCellGap = 1;

/// The expert with the highest gate, or nothing if a row has none.
std::string first_expert(const RoutedToken& row, std::size_t layer) {
  return row.experts[layer].empty() ? "-" : std::to_string(row.experts[layer].front().first);
}

/// Two lines that grow side by side: tokens, and experts below them.
class SentenceLines {
 public:
  SentenceLines(ColoredText& out, Index columns) : out_(out), columns_(columns) {}

  void add(const std::string& token, const std::string& expert, int color) {
    const Index width = std::max(display_width(token), display_width(expert));
    if (column_ > 0 && column_ + width > columns_) end();
    put(upper_, token, width, color);
    put(lower_, expert, width, color);
    column_ += width + kCellGap;
  }

  void end() {
    if (column_ == 0) return;
    for (ColoredText* line : {&upper_, &lower_}) {
      out_.insert(out_.end(), line->begin(), line->end());
      out_.push_back({"\n"});
      line->clear();
    }
    out_.push_back({"\n"});
    column_ = 0;
  }

 private:
  static void put(ColoredText& line, const std::string& text, Index width, int color) {
    line.push_back({text + std::string(width - display_width(text), ' '), color});
    line.push_back({std::string(kCellGap, ' ')});
  }

  ColoredText& out_;
  Index columns_;
  ColoredText upper_, lower_;
  Index column_ = 0;
};

}  // namespace

std::map<std::int32_t, int> expert_colors(const StatisticsReport& report, std::size_t layer, int colors) {
  std::map<std::int32_t, Index> tokens;
  for (const RoutedToken& row : report.sentence)
    if (!row.experts[layer].empty()) ++tokens[row.experts[layer].front().first];
  std::vector<std::pair<std::int32_t, Index>> order(tokens.begin(), tokens.end());
  std::stable_sort(order.begin(), order.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  std::map<std::int32_t, int> color_of;
  for (std::size_t i = 0; i < order.size(); ++i) color_of[order[i].first] = static_cast<int>(i) % colors;
  return color_of;
}

ColoredText colored_sentence(const StatisticsReport& report, Index columns) {
  ColoredText out;
  for (std::size_t l = 0; l < report.layers.size(); ++l) {
    const std::map<std::int32_t, int> colors = expert_colors(report, l, kColors);
    out.push_back({"Layer " + std::to_string(report.layers[l].statistics.layer) +
                   ", below each token read the expert with its highest gate:\n"});
    SentenceLines lines(out, columns);
    for (const RoutedToken& row : report.sentence) {
      const std::string expert = first_expert(row, l);
      lines.add(escape_terminal(row.token), expert,
                row.experts[l].empty() ? -1 : colors.at(row.experts[l].front().first));
    }
    lines.end();
  }
  return out;
}

std::string sentence_table(const StatisticsReport& report, Index columns) {
  Table table;
  table.add_column("reads", Align::left, 16);
  for (const LayerReport& layer : report.layers)
    table.add_column("experts of layer " + std::to_string(layer.statistics.layer), Align::left);
  table.add_column("comes next", Align::left, 16);
  table.add_column("probability");
  for (const RoutedToken& row : report.sentence) {
    std::vector<std::string> cells = {row.token};
    for (const auto& experts : row.experts) {
      std::string cell;
      for (const auto& [expert, gate] : experts)
        cell += (cell.empty() ? "" : " ") + std::to_string(expert) + ":" + format_fixed(static_cast<double>(gate), 2);
      cells.push_back(std::move(cell));
    }
    cells.push_back(row.next);
    cells.push_back(format_measure(row.probability, 2));
    table.add_row(cells);
  }
  return table.str(0, columns);
}

Json sentence_json(const StatisticsReport& report) {
  Json rows = Json::array();
  for (const RoutedToken& row : report.sentence) {
    Json layers = Json::array();
    for (const auto& experts : row.experts) {
      Json chosen = Json::array();
      for (const auto& [expert, gate] : experts) chosen.push_back({{"expert", expert}, {"gate", gate}});
      layers.push_back(std::move(chosen));
    }
    rows.push_back({{"token", to_valid_utf8(row.token)},
                    {"next", to_valid_utf8(row.next)},
                    {"probability", row.probability},
                    {"experts", std::move(layers)}});
  }
  return rows;
}

}  // namespace moelm
