#include "scale/rank_costs.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <utility>

#include "scale/link_backlog.hpp"
#include "scale/step_phases.hpp"

namespace moelm {

namespace {

/// Work takes so much of a step that nothing else limits it.
constexpr double kMostlyWork = 0.9;

/// The rows that the busiest rank's experts get, in shares of the mean.
double overload(double experts, int ranks, double cv) {
  if (ranks == 1) return 1;
  const double owners = std::min<double>(ranks, experts), mean = experts / ranks;
  // Where experts do not go into ranks evenly, the first ranks have one more.
  const double most = std::ceil(mean);
  return most / mean * (1 + cv * expected_greatest(static_cast<int>(owners)) / std::sqrt(most));
}

/// Seconds of the bytes of an exchange in which all ranks begin together.
double transfer_seconds(const StepPhase& phase, int ranks, const Network& network, double narrow, double load) {
  const double mean = bytes_sent(phase, ranks) / network.bytes_per_second;
  switch (phase.flow) {
    case Flow::none:
      return 0;
    case Flow::to_owners:
    case Flow::to_homes:
      return mean * std::max(load, narrow);
    case Flow::to_all:
      return mean * narrow;
    case Flow::from_leader:  // all go through one link
      return mean * std::max<double>(ranks, narrow);
  }
  return 0;
}

}  // namespace

double& RankCosts::seconds_of(Cost cost) {
  switch (cost) {
    case Cost::work:
      return compute;
    case Cost::exchange:
      return exchange;
    case Cost::copies:
      return copies;
    case Cost::tables:
      return tables;
    case Cost::leader:
      return leader;
    case Cost::messages:
      break;
  }
  return messages;
}

double expected_greatest(int numbers) {
  // E max = integral of 1 - P(max <= x) over x > 0, less that of P(max <= x) over x < 0.
  constexpr double kStep = 1e-3, kEnd = 8;
  double sum = 0;
  for (double x = kStep / 2; x < kEnd; x += kStep) {
    const double above = std::erfc(x / std::numbers::sqrt2) / 2;
    sum += 1 - std::pow(1 - above, numbers) - std::pow(above, numbers);
  }
  return sum * kStep;
}

void count_bytes(const std::vector<StepPhase>& phases, RankCosts& costs) {
  for (const StepPhase& phase : phases) {
    const double bytes = bytes_sent(phase, costs.ranks);
    if (phase.cost == Cost::exchange) costs.exchange_bytes += bytes;
    if (phase.cost == Cost::copies) costs.copy_bytes += bytes;
    if (phase.cost == Cost::tables) costs.table_bytes += bytes;
    if (phase.cost == Cost::leader) costs.leader_bytes += bytes;
  }
}

RankCosts rank_costs(const RunConfig& config, const StepShape& shape, const MachineRates& machine,
                     const Network& network, const Unevenness& unevenness) {
  const std::vector<StepPhase> phases = step_phases(config, shape);
  RankCosts costs;
  costs.ranks = shape.ranks;
  costs.rows = shape.rows_of_rank();
  count_bytes(phases, costs);
  const double narrow = std::max(1.0, unevenness.oversubscription), others = shape.ranks - 1;
  const double slowest = shape.ranks == 1 ? 1 : 1 + unevenness.jitter * expected_greatest(shape.ranks);
  const double most_rows = row_share(shape, 0);
  const auto most_load = [&](std::size_t layer) {
    const auto experts = static_cast<double>(std::get<MoeConfig>(config.model.layers[layer]).experts);
    return overload(experts, shape.ranks, unevenness.load_cv);
  };
  LinkBacklog backlog;
  const auto work = [&](const StepPhase& phase) {
    const double load = phase.layer ? most_load(*phase.layer) : most_rows;
    const double products = phase.multiply_adds / machine.multiply_adds, memory = phase.memory_bytes / machine.memory;
    costs.compute += products + memory;
    costs.waiting += products * (load * slowest - 1) + memory * (slowest - 1);
    backlog.pass((products * load + memory) * slowest);
  };
  for (std::size_t i = 0; i < phases.size(); ++i) {
    const StepPhase& phase = phases[i];
    if (phase.awaits) costs.seconds_of(phases[*phase.awaits].cost) += backlog.await(*phase.awaits);
    if (phase.flow != Flow::none) {
      const double load = std::max(phase.layer ? most_load(*phase.layer) : 1, most_rows);
      const double seconds = transfer_seconds(phase, shape.ranks, network, narrow, load);
      // Where rank 0 has a message for each, the others wait for it.
      const double all = others * phase.messages * network.message;
      const bool by_leader = phase.flow == Flow::from_leader;
      const double mean = by_leader ? 2 * all / shape.ranks : all;
      costs.messages += mean;
      costs.waiting += all - mean;
      if (phase.beside) {
        backlog.add(i, seconds + network.latency);
        continue;
      }
      costs.seconds_of(phase.cost) += seconds;
      costs.messages += network.latency;
    }
    work(phase.awaits ? phases[*phase.awaits] : phase);
  }
  return costs;
}

std::string limit_of(const RankCosts& costs) {
  if (costs.share_of_work() >= kMostlyWork) return "work";
  const std::array<std::pair<double, const char*>, 6> parts = {{{costs.exchange, kRowsToExperts},
                                                                {costs.copies, "gradients of copies"},
                                                                {costs.tables, "rows of tables"},
                                                                {costs.leader, "batches of rank 0"},
                                                                {costs.messages, "number of messages"},
                                                                {costs.waiting, kUnevenWork}}};
  return std::max_element(parts.begin(), parts.end())->second;
}

}  // namespace moelm
