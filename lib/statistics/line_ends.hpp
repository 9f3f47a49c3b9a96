// Where the lines of a long text end, in a few bits per line.
#pragma once

#include <vector>

#include "base/index.hpp"
#include "statistics/packed_integers.hpp"

namespace moelm {

/// For each line the number of tokens up to and including its last. Lookups in roughly ascending order are fast. They
/// move a cached place: one thread at a time.
class LineEnds {
 public:
  /// Error(bad_data) for a line of more than 2^31 - 1 tokens.
  void push_back(Index end);

  Index size() const { return lengths_.size(); }
  bool empty() const { return size() == 0; }
  /// End of the last line; 0 if there is none.
  Index back() const { return end_; }
  Index operator[](Index line) const;
  /// The line, counted from 0, that a token belongs to; size() for a token behind the last line.
  Index line_of(Index token) const;

  /// Memory in use.
  Index bytes() const { return lengths_.bytes() + static_cast<Index>(starts_.capacity() * sizeof(Index)); }

 private:
  static constexpr Index kStride = 1024;  ///< lines from one noted start to the next

  struct Place {
    Index line = 0, begin = 0;
  };

  PackedIntegers lengths_;
  std::vector<Index> starts_;  ///< tokens before line 0, kStride, 2 kStride, ...
  Index end_ = 0;
  mutable Place place_;  ///< the line that was asked for last
};

}  // namespace moelm
