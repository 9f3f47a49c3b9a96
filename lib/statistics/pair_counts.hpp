// How often each expert met each token, in memory that grows with what occurs and stops at a limit.
#pragma once

#include <cstdint>
#include <vector>

#include "base/index.hpp"

namespace moelm {

/// Counts of (expert, token) pairs. Sorted runs instead of a hash table: 12 bytes a pair, the same for every order of
/// arrival as long as nothing was dropped.
class PairCounts {
 public:
  struct Entry {
    std::int32_t expert;
    std::int32_t token;
    std::uint32_t count;
  };

  /// `limit`: pairs kept at most; beyond it the rarest are dropped and `dropped()` says so.
  explicit PairCounts(Index limit = Index{1} << 24);

  void add(std::int32_t expert, std::int32_t token);

  /// All pairs with their counts, by expert, then token.
  const std::vector<Entry>& entries();

  /// Whether some rare pairs are missing, so that counts of rare tokens are lower bounds.
  bool dropped() const { return dropped_; }

 private:
  void merge();
  void drop_rarest();

  std::size_t limit_;
  std::vector<Entry> sorted_;
  std::vector<Entry> recent_;
  bool dropped_ = false;
};

}  // namespace moelm
