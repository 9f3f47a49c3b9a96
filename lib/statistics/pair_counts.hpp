// How often each expert served each token, in bounded memory.
#pragma once

#include <cstdint>
#include <vector>

#include "base/index.hpp"

namespace moelm {

/// Counts of (expert, token) pairs in sorted runs: 12 bytes per pair, and the same result for every order of arrival
/// unless pairs were dropped.
class PairCounts {
 public:
  struct Entry {
    std::int32_t expert;
    std::int32_t token;
    std::uint32_t count;
  };

  /// Keeps at most `limit` pairs. Beyond that the rarest are dropped and dropped() is true.
  explicit PairCounts(Index limit = Index{1} << 24);

  void add(std::int32_t expert, std::int32_t token);

  /// All pairs with their counts, by expert, then token.
  const std::vector<Entry>& entries();

  /// Whether rare pairs are missing, so that counts of rare tokens are lower bounds.
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
