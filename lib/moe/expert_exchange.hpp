// The way of rows to experts on other ranks and back (section 3.1 of the paper): every expert exists once and gets its
// rows from the batches of all ranks together.
//
// Rank r owns a contiguous share of the experts (share_begin), so rows in slots ordered by expert are in an order of
// ranks as well: what goes to one rank lies side by side. The owner sorts what it gets by expert, then by the rank it
// came from. Ranks have their lanes in order, so an expert sees its rows in the order of lanes, whoever has them.
#pragma once

#include <vector>

#include "base/context.hpp"
#include "dist/collectives.hpp"
#include "dist/communicator.hpp"
#include "moe/dispatch.hpp"
#include "tensor/matrix.hpp"

namespace moelm {

/// Where the rows of one pass through an MoE layer go, and where those of this rank's experts come from.
struct ExchangePlan {
  std::vector<Index> sent;      ///< slots that go to each rank, [R]
  std::vector<Index> received;  ///< rows that come from each rank, [R]
  std::vector<Index> counts;    ///< rows from each rank for each expert of this rank, [R][own experts]
  Dispatch dispatch;            ///< of the own experts over the received rows; its `row` is not filled, only sized

  Index own_experts() const { return static_cast<Index>(dispatch.offset.size()) - 1; }
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

  /// Tells the owners how many rows come, and learns how many come here. `home` has this rank's pairs.
  void plan(const Dispatch& home, ExchangePlan& plan) const;

  /// Rows of slots [pairs, D] to the owners of their experts: into `own` [received rows, D], by expert, then rank.
  /// `packed` is memory for the journey.
  void to_owners(Context& context, Phase phase, const ExchangePlan& plan, ConstMatrixView slots, Matrix& packed,
                 Matrix& own) const;

  /// The way back: rows of the own experts to the slots that they came from.
  void to_homes(Context& context, Phase phase, const ExchangePlan& plan, ConstMatrixView own, Matrix& packed,
                Matrix& slots) const;

  /// One number of each slot to the owners, in the order of to_owners.
  void to_owners(const ExchangePlan& plan, const std::vector<Index>& slots, std::vector<Index>& own) const;
};

}  // namespace moelm
