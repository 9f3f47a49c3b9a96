// What a step costs over several ranks, predicted from the shape of the model, one machine and a network (section 3.1
// of the paper: an expert with one hidden layer of F units does F multiply-adds for each number that travels).
#pragma once

#include "base/index.hpp"
#include "config/train_config.hpp"
#include "dist/network.hpp"

namespace moelm {

/// What a rank's machine does in a second.
struct MachineRates {
  double multiply_adds = 0;  ///< of a whole step's products and all that is between them
  double memory = 0;         ///< bytes
};

/// Of one step on the rank with the most work: bytes that it sends, and seconds.
struct RankCosts {
  int ranks = 1;
  double rows = 0;  ///< of a rank
  double exchange_bytes = 0, copy_bytes = 0,
         table_bytes = 0;  ///< rows to experts and back; sums of gradients; of tables
  double compute = 0, exchange = 0, copies = 0, tables = 0, messages = 0;

  double seconds() const { return compute + exchange + copies + tables + messages; }
};

/// `rows` predicted tokens of a step of all ranks, which have equally many of them and expected overload of experts.
RankCosts rank_costs(const RunConfig& config, Index vocabulary, Index rows, int ranks, const MachineRates& machine,
                     const Network& network);

/// The rates of this machine for a rank of so many threads, measured in about 100 ms.
MachineRates measure_rates(DataType products, int threads);

}  // namespace moelm
