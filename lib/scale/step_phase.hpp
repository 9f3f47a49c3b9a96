// A part of a step over ranks: work between messages, or messages.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "base/index.hpp"
#include "dist/communicator.hpp"

namespace moelm {

/// What a part of a step is for.
enum class Cost {
  work,
  exchange,  ///< rows to experts and back
  copies,    ///< sums of the gradients of what every rank has a copy of
  tables,    ///< gradients of rows of tables
  leader,    ///< batches from rank 0
  messages   ///< small ones: orders, counts, sums of the routing, checks
};

/// Who sends to whom.
enum class Flow {
  none,        ///< a part of the step without messages
  to_owners,   ///< every rank its rows to the ranks that have their experts
  to_homes,    ///< back
  to_all,      ///< every rank to every other
  from_leader  ///< rank 0 to every other
};

/// One part of a step. The numbers are those of a rank with an equal share of rows and of load.
struct StepPhase {
  std::string name;
  Cost cost = Cost::work;
  double multiply_adds = 0;
  double memory_bytes = 0;  ///< read and written, without the products; of messages: to pack and add them
  Flow flow = Flow::none;
  Phase phase = Phase::start;  ///< what the messages are called
  double bytes = 0;  ///< to_owners, to_homes: of all rows of a rank, those of its own experts too; else from one rank
                     ///< to another
  double messages = 1;                ///< from one rank to another
  std::optional<std::size_t> layer;   ///< of experts, whose load decides who has how much of it
  bool beside = false;                ///< it travels beside the following work until a phase awaits it
  std::optional<std::size_t> awaits;  ///< the number of the phase whose messages must have arrived before
};

/// The shape of a step.
struct StepShape {
  Index vocabulary = 0;
  Index rows = 0;  ///< of all ranks
  int ranks = 1;
  Index lanes = 0;         ///< at least one a rank; 0: one a rank
  Index unroll = 20;       ///< rows of a stream
  double table_rows = 0;   ///< different tokens among the rows of a rank; 0: as Zipf's law lets expect
  bool overlapped = true;  ///< sums of gradients travel beside work

  Index all_lanes() const { return lanes > 0 ? lanes : ranks; }
  double rows_of_rank() const { return static_cast<double>(rows) / ranks; }
};

/// The rows of one rank in shares of the mean: lanes are dealt whole.
double row_share(const StepShape& shape, int rank);

/// The bytes that a mean rank sends in a phase.
double bytes_sent(const StepPhase& phase, int ranks);

}  // namespace moelm
