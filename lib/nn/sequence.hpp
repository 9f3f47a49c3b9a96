// The rows of a batch of sequences, time step after time step, without padding.
#pragma once

#include <vector>

#include "base/index.hpp"

namespace moelm {

/// B streams of at most T steps, longest first: step t has active(t) rows, those of streams 0 ... active(t)-1, and
/// active never grows. Row offset(t) + b belongs to stream b at step t. Streams of one text have equal lengths; lines
/// of different lengths pack just as well.
class Sequence {
 public:
  Sequence() = default;
  /// REQUIRES active not empty, positive, not growing.
  explicit Sequence(std::vector<Index> active);
  /// B streams of T steps each.
  Sequence(Index streams, Index steps);

  Index streams() const { return active_.empty() ? 0 : active_.front(); }
  Index steps() const { return static_cast<Index>(active_.size()); }
  Index rows() const { return offset_.back(); }
  Index active(Index t) const { return active_[static_cast<std::size_t>(t)]; }
  Index offset(Index t) const { return offset_[static_cast<std::size_t>(t)]; }

  /// The sequence of streams first ... first + count - 1 alone.
  Sequence part(Index first, Index count) const;

  /// The position of every row in a batch of B = `streams` streams: t * B + first + b. This sequence holds the streams
  /// from `first` on. Random numbers are keyed by these positions.
  std::vector<Index> positions(Index streams, Index first = 0) const;

  /// The number of every row's stream, which starts with `first`. What all steps of a stream share is keyed by it.
  std::vector<Index> stream_numbers(Index first = 0) const;

 private:
  std::vector<Index> active_;
  std::vector<Index> offset_ = {0};
};

}  // namespace moelm
