#include "moe_train/rank_table.hpp"

#include <algorithm>

#include "base/quantity.hpp"
#include "terminal/format.hpp"
#include "terminal/table.hpp"

namespace moelm {

namespace {

std::string milliseconds(double seconds) { return format_measure(1e3 * seconds, 3); }

std::string bytes(double count) { return format_bytes(static_cast<Index>(count)); }

/// What would help most, from the costs of the most ranks.
std::string advice(const std::vector<RankCosts>& costs) {
  const RankCosts &one = costs.front(), &most = costs.back();
  if (most.ranks == 1) return {};
  const double gain = one.seconds() / most.seconds(), share = most.compute / most.seconds();
  std::string text = format_counted(most.ranks, "rank") + " are expected to be " + format_measure(gain, 3) +
                     " times as fast as one; " + format_percent(share, 0) + " of a step is work. ";
  if (share > 0.8) return text + "The network is no limit.";
  if (most.copies + most.tables > most.exchange)
    return text + "The sums of gradients take most of the rest, whatever the rows: a larger train.batch pays for them.";
  return text +
         "The rows to experts take most of the rest: a larger moe.hidden does more work for each number that travels.";
}

}  // namespace

std::string ranks_table(const std::vector<RankCosts>& costs, const Network& network) {
  Table table;
  for (const char* column : {"ranks", "rows a rank", "work ms", "experts ms", "copies ms", "tables ms", "messages ms",
                             "step ms", "rows/s", "sent a step"})
    table.add_column(column);
  for (const RankCosts& c : costs)
    table.add_row({std::to_string(c.ranks), format_count(static_cast<Index>(c.rows)), milliseconds(c.compute),
                   milliseconds(c.exchange), milliseconds(c.copies), milliseconds(c.tables), milliseconds(c.messages),
                   milliseconds(c.seconds()), format_count(static_cast<Index>(c.rows * c.ranks / c.seconds())),
                   bytes(c.exchange_bytes + c.copy_bytes + c.table_bytes)});
  return "predicted, not measured: ranks like this machine, " + format_network(network) + "\n" + table.str() +
         advice(costs) + "\n";
}

Json ranks_json(const std::vector<RankCosts>& costs) {
  Json lines = Json::array();
  for (const RankCosts& c : costs)
    lines.push_back({{"ranks", c.ranks},
                     {"rows", c.rows},
                     {"predicted_seconds",
                      {{"work", c.compute},
                       {"experts", c.exchange},
                       {"copies", c.copies},
                       {"tables", c.tables},
                       {"messages", c.messages},
                       {"step", c.seconds()}}},
                     {"bytes", {{"experts", c.exchange_bytes}, {"copies", c.copy_bytes}, {"tables", c.table_bytes}}}});
  return lines;
}

}  // namespace moelm
