#include "scale/cost_table.hpp"

#include "base/quantity.hpp"
#include "terminal/format.hpp"
#include "terminal/table.hpp"

namespace moelm {

namespace {

std::string milliseconds(double seconds) { return format_measure(1e3 * seconds, 3); }

std::string count(double number) { return format_count(static_cast<Index>(number)); }

}  // namespace

std::string costs_table(const std::vector<RankCosts>& costs) {
  Table table;
  for (const char* column : {"ranks", "rows a rank", "work ms", "experts ms", "copies ms", "tables ms", "rank 0 ms",
                             "messages ms", "waiting ms", "step ms", "rows/s", "work", "sent a step"})
    table.add_column(column);
  table.add_column("limit", Align::left);
  for (const RankCosts& c : costs)
    table.add_row({count(c.ranks), count(c.rows), milliseconds(c.compute), milliseconds(c.exchange),
                   milliseconds(c.copies), milliseconds(c.tables), milliseconds(c.leader), milliseconds(c.messages),
                   milliseconds(c.waiting), milliseconds(c.seconds()), count(c.rows_per_second()),
                   format_percent(c.share_of_work(), 0), format_bytes(static_cast<Index>(c.bytes())), limit_of(c)});
  return table.str();
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
