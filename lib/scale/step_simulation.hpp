// A step over ranks, part by part and rank by rank: what closed forms leave out. Loads and speeds are drawn, a rank
// begins to send when it has done its work, links are shared fairly, and a rank waits for those that it hears from.
#pragma once

#include <cstdint>

#include "scale/rank_costs.hpp"

namespace moelm {

/// The mean of so many simulated steps; 0: enough for a steady mean.
struct Drawing {
  std::uint64_t seed = 1;
  int steps = 0;
};

/// A step, with messages beside work if `shape` says so. They share the link of a rank fairly, and stand still while it
/// exchanges what it waits for at once.
RankCosts simulate_step(const RunConfig& config, const StepShape& shape, const MachineRates& machine,
                        const Network& network, const Unevenness& unevenness = {}, const Drawing& drawing = {});

}  // namespace moelm
