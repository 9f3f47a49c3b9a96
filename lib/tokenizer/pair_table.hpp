// Which pairs of token ids are merged, and into what.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "base/index.hpp"

namespace moelm {

/// What a pair that is never merged is looked up as: greater than every id.
inline constexpr std::int32_t kNoMerge = std::numeric_limits<std::int32_t>::max();

/// Pairs of non-negative ids with the id that each makes. find() is thread-safe between changes.
class PairTable {
 public:
  /// Makes room for so many pairs. REQUIRES an empty table.
  explicit PairTable(Index pairs);

  /// False if the pair is there already.
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

  int shift_;                // the hash's highest bits number the slots
  std::vector<Slot> slots_;  // a power of two, at most half full
};

}  // namespace moelm
