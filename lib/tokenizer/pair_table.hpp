// The pairs of token ids that are merged.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "base/index.hpp"

namespace moelm {

/// The result for a pair that is never merged: larger than every id.
inline constexpr std::int32_t kNoMerge = std::numeric_limits<std::int32_t>::max();

/// Maps pairs of non-negative ids to the id of their merge. find() is thread-safe between changes.
class PairTable {
 public:
  /// An empty table with room for `pairs` pairs.
  explicit PairTable(Index pairs);

  /// False if the table has the pair already.
  bool add(std::int32_t left, std::int32_t right, std::int32_t id);
  std::int32_t find(std::int32_t left, std::int32_t right) const { return slots_[slot_of(left, right)].id; }

 private:
  struct Slot {
    std::int32_t left = -1, right = -1;
    std::int32_t id = kNoMerge;
  };

  std::size_t slot_of(std::int32_t left, std::int32_t right) const {
    const std::uint64_t key = std::uint64_t{static_cast<std::uint32_t>(left)} << 32 | static_cast<std::uint32_t>(right);
    std::size_t i = static_cast<std::size_t>(key * 0x9E3779B97F4A7C15ull >> shift_);
    while (slots_[i].left >= 0 && (slots_[i].left != left || slots_[i].right != right))
      i = (i + 1) & (slots_.size() - 1);
    return i;
  }

  int shift_;                // the highest bits of the hash number the slots
  std::vector<Slot> slots_;  // a power of two, at most half full
};

}  // namespace moelm
