#include "scale/cost_table.hpp"

#include <initializer_list>

#include "base/quantity.hpp"
#include "terminal/format.hpp"
#include "terminal/table.hpp"

namespace moelm {

namespace {

std::string milliseconds(double seconds) { return format_measure(1e3 * seconds, 3); }

std::string count(double number) { return format_count(static_cast<Index>(number)); }

/// A table of these columns, the last one of words.
Table table_of(std::initializer_list<const char*> columns, bool ends_with_words) {
  Table table;
  for (const char* column : columns)
    table.add_column(column, ends_with_words && column == *(columns.end() - 1) ? Align::left : Align::right);
  return table;
}

}  // namespace

std::string costs_table(const std::vector<RankCosts>& costs) {
  Table steps = table_of({"ranks", "rows a rank", "sent a step", "step ms", "rows/s", "work", "limit"}, true);
  Table parts = table_of({"ranks", "work", "experts", "copies", "tables", "rank 0", "messages", "waiting"}, false);
  for (const RankCosts& c : costs) {
    steps.add_row({count(c.ranks), count(c.rows), format_bytes(static_cast<Index>(c.bytes())),
                   milliseconds(c.seconds()), count(c.rows_per_second()), format_percent(c.share_of_work(), 0),
                   limit_of(c)});
    parts.add_row({count(c.ranks), milliseconds(c.compute), milliseconds(c.exchange), milliseconds(c.copies),
                   milliseconds(c.tables), milliseconds(c.leader), milliseconds(c.messages), milliseconds(c.waiting)});
  }
  return steps.str() + "\nThe parts of a step, ms:\n" + parts.str();
}

Json costs_json(const std::vector<RankCosts>& costs) {
  Json lines = Json::array();
  for (const RankCosts& c : costs)
    lines.push_back({{"ranks", c.ranks},
                     {"rows", c.rows},
                     {"rows_per_s", c.rows_per_second()},
                     {"share_of_work", c.share_of_work()},
                     {"limit", limit_of(c)},
                     {"predicted_seconds",
                      {{"work", c.compute},
                       {"experts", c.exchange},
                       {"copies", c.copies},
                       {"tables", c.tables},
                       {"rank_0", c.leader},
                       {"messages", c.messages},
                       {"waiting", c.waiting},
                       {"step", c.seconds()}}},
                     {"bytes",
                      {{"experts", c.exchange_bytes},
                       {"copies", c.copy_bytes},
                       {"tables", c.table_bytes},
                       {"rank_0", c.leader_bytes}}}});
  return lines;
}

}  // namespace moelm
