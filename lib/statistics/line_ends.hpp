// Where the lines of a long text end, in a few bits a line.
#pragma once

#include <vector>

#include "base/index.hpp"
#include "statistics/packed_integers.hpp"

namespace moelm {

/// The number of tokens up to and with the last one of each line, in order. Asking for lines in about their order is
/// fast; it moves a place, so it is for one thread at a time.
class LineEnds {
 public:
  /// A line of more than 2^31 - 1 tokens is Error(bad_data).
  void push_back(Index end);

  Index size() const { return lengths_.size(); }
  bool empty() const { return size() == 0; }
  /// End of the last line; 0 where there is none.
  Index back() const { return end_; }
  Index operator[](Index line) const;
  /// The line, counted from 0, that a token belongs to; size() for a token behind the last line.
  Index line_of(Index token) const;

  /// Memory that the ends take.
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
