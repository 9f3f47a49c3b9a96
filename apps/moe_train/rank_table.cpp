#include "moe_train/rank_table.hpp"

#include "base/quantity.hpp"
#include "scale/cost_table.hpp"
#include "terminal/format.hpp"

namespace moelm {

namespace {

/// What would help most, from the costs of the most ranks.
std::string advice(const std::vector<RankCosts>& costs) {
  const RankCosts &one = costs.front(), &most = costs.back();
  if (most.ranks == 1) return {};
  const double gain = one.seconds() / most.seconds();
  std::string text = format_counted(most.ranks, "rank") + " are expected to be " + format_measure(gain, 3) +
                     " times as fast as one; " + format_percent(most.share_of_work(), 0) + " of a step is work. ";
  const std::string limit = limit_of(most);
  if (limit == "work") return text + "The network is no limit.";
  text += "Most of the rest: " + limit + ".";
  if (limit == kRowsToExperts) return text + " A larger moe.hidden does more work for each number that travels.";
  if (limit == kUnevenWork) return text + " Work is even if train.lanes and moe.experts are multiples of the ranks.";
  return text + " A larger train.batch does more work for it.";
}

}  // namespace

std::string ranks_table(const std::vector<RankCosts>& costs, const Network& network) {
  return "predicted, not measured: " + format_network(network) + "\n" + costs_table(costs) + advice(costs) + "\n";
}

}  // namespace moelm
