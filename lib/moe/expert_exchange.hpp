// Sends rows to experts on other ranks and brings the results back (section 3.1 of the paper). Every expert exists
// once, on its owner, and gets its rows from the batches of all ranks.
//
// Rank r owns a contiguous share of the experts (share_begin). Slots are ordered by expert, so the rows for one rank
// lie side by side. The owner sorts the rows that it receives by expert, then by sending rank. The lanes of a rank
// follow those of the rank before, so an expert sees its rows in the order of the lanes, for every number of ranks.
//
// Experts have no biases: they only multiply the rows that come to them, in forward, backward and the gradients of
// their weights. Where products read bfloat16 they round these rows, so the rows may travel rounded, in half the bytes,
// and no bit changes. What comes back is added in single precision, and travels so.
#pragma once

#include <vector>

#include "base/context.hpp"
#include "base/data_type.hpp"
#include "dist/collectives.hpp"
#include "dist/communicator.hpp"
#include "moe/dispatch.hpp"
#include "tensor/matrix.hpp"

namespace moelm {

/// The rows that this rank sends and receives in one pass through an MoE layer.
struct ExchangePlan {
  std::vector<Index> sent;      ///< slots that go to each rank, [R]
  std::vector<Index> received;  ///< rows that come from each rank, [R]
  std::vector<Index> counts;    ///< rows from each rank for each expert of this rank, [R][own experts]
  Dispatch dispatch;            ///< of received rows to this rank's experts; `row` has its size but no values

  Index own_experts() const { return static_cast<Index>(dispatch.offset.size()) - 1; }
};

/// The memory of the messages of a pass.
struct ExchangeMemory {
  Matrix packed;                     ///< rows in the order of the messages
  std::vector<Bf16> sent, received;  ///< rows to the owners where products read bfloat16
};

/// The experts of this rank: numbers share_begin(E, rank) and following.
struct ExpertExchange {
  Communicator* ranks = nullptr;  ///< nullptr: all experts are here
  Index experts = 0;              ///< of the whole layer
  Index width = 0;                ///< D

  bool exists() const { return ranks != nullptr; }
  Index first_expert() const { return exists() ? share_begin(experts, ranks->rank(), ranks->size()) : 0; }

  /// The rank that has an expert. REQUIRES exists().
  int owner_of(Index expert) const { return share_of(experts, expert, ranks->size()); }

  /// Exchanges the numbers of rows between all ranks and fills `plan`. `home` has the pairs of this rank's rows.
  void plan(const Dispatch& home, ExchangePlan& plan) const;

  /// Sends the rows of slots [pairs, D] to the owners of their experts. Fills `own` [received rows, D], sorted by
  /// expert, then by sending rank; rounded to bfloat16 where the products of `context` read that. REQUIRES that these
  /// are the same on all ranks.
  void to_owners(Context& context, Phase phase, const ExchangePlan& plan, ConstMatrixView slots, ExchangeMemory& memory,
                 Matrix& own) const;

  /// The reverse of to_owners: sends the rows of this rank's experts back, each to the slot that it came from.
  /// Nothing is rounded.
  void to_homes(Context& context, Phase phase, const ExchangePlan& plan, ConstMatrixView own, ExchangeMemory& memory,
                Matrix& slots) const;

  /// Sends one number of each slot to the owners, in the order of the rows.
  void to_owners(const ExchangePlan& plan, const std::vector<Index>& slots, std::vector<Index>& own) const;

 private:
  void rounded_to_owners(Context& context, Phase phase, const ExchangePlan& plan, ConstMatrixView slots,
                         ExchangeMemory& memory, Matrix& own) const;
};

}  // namespace moelm
