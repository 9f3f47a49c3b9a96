// Collective operations made of exchanges. No number is added here: every sum has its own order, see lane_tree.hpp.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/index.hpp"
#include "dist/communicator.hpp"

namespace moelm {

using Bytes = std::vector<std::byte>;

/// Rank 0's bytes to all ranks, which know the size.
void broadcast(Communicator& ranks, Phase phase, std::span<std::byte> bytes);

/// Rank 0's bytes to all, whatever their size.
void broadcast(Communicator& ranks, Phase phase, Bytes& bytes);

/// The bytes of all ranks, by rank. Sizes may differ.
std::vector<Bytes> all_gather(Communicator& ranks, Phase phase, std::span<const std::byte> own);

/// The bytes that every rank sends to every other: send[r] goes to rank r. Returns those received, by rank.
std::vector<Bytes> all_to_all(Communicator& ranks, Phase phase, const std::vector<Bytes>& send);

/// The beginning of rank `rank`'s share of `count` things, shares differing by at most one, the first ranks' not
/// smaller. Rank r has [share_begin(r), share_begin(r + 1)).
inline Index share_begin(Index count, int rank, int ranks) {
  const Index r = rank, all = ranks;
  return r * (count / all) + (r < count % all ? r : count % all);
}

/// The rank whose share thing number `thing` is in.
inline int share_of(Index count, Index thing, int ranks) {
  int rank = 0;
  while (share_begin(count, rank + 1, ranks) <= thing) ++rank;
  return rank;
}

}  // namespace moelm
