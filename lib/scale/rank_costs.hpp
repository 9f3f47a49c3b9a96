// What a step costs over several ranks, predicted from the shape of the model, one machine and a network (section 3.1
// of the paper: an expert with one hidden layer of F units does F multiply-adds for each number that travels).
#pragma once

#include <string>
#include <vector>

#include "config/train_config.hpp"
#include "dist/network.hpp"
#include "scale/machine_rates.hpp"
#include "scale/step_phase.hpp"

namespace moelm {

/// Of one step: bytes that a mean rank sends, and seconds, whose sum is the step.
struct RankCosts {
  int ranks = 1;
  double rows = 0;  ///< of a rank
  /// Rows to experts and back; sums of gradients; of tables; batches.
  double exchange_bytes = 0, copy_bytes = 0, table_bytes = 0, leader_bytes = 0;
  double compute = 0;  ///< of a mean rank
  double exchange = 0, copies = 0, tables = 0, leader = 0;
  double messages = 0;  ///< latencies, and what each message costs whatever its size
  double waiting = 0;   ///< for the rank that has more to do

  double seconds() const { return compute + exchange + copies + tables + leader + messages + waiting; }
  double bytes() const { return exchange_bytes + copy_bytes + table_bytes + leader_bytes; }
  double share_of_work() const { return compute / seconds(); }
  double rows_per_second() const { return rows * ranks / seconds(); }
  /// Where time of a kind is counted.
  double& seconds_of(Cost cost);
};

/// What is not even.
struct Unevenness {
  double load_cv = 0.1;         ///< coefficient of variation of the experts' loads
  double jitter = 0;            ///< standard deviation of the ranks' speeds in a step, in shares of the mean
  double oversubscription = 1;  ///< how much wider all links are together than the core of the network
};

/// A step in closed form: as if the busiest rank had the most rows, the greatest load and the slowest machine.
RankCosts rank_costs(const RunConfig& config, const StepShape& shape, const MachineRates& machine,
                     const Network& network, const Unevenness& unevenness = {});

/// Sets the bytes of each kind to those that the phases send.
void count_bytes(const std::vector<StepPhase>& phases, RankCosts& costs);

inline constexpr const char* kRowsToExperts = "rows to experts";
inline constexpr const char* kUnevenWork = "uneven work";

/// What takes most of a step beside its work: kRowsToExperts, "gradients of copies" or the like. "work" if all that is
/// little.
std::string limit_of(const RankCosts& costs);

/// The greatest of so many independent standard normal numbers, as expected.
double expected_greatest(int numbers);

}  // namespace moelm
