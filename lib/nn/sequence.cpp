#include "nn/sequence.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"

namespace moelm {

Sequence::Sequence(std::vector<Index> active) : active_(std::move(active)) {
  ensure(!active_.empty(), "a sequence has a step");
  for (std::size_t t = 0; t < active_.size(); ++t) {
    ensure(active_[t] > 0 && (t == 0 || active_[t] <= active_[t - 1]), "streams are sorted by falling length");
    offset_.push_back(offset_.back() + active_[t]);
  }
}

Sequence::Sequence(Index streams, Index steps)
    : Sequence(std::vector<Index>(static_cast<std::size_t>(steps), streams)) {}

Sequence Sequence::part(Index first, Index count) const {
  std::vector<Index> active;
  for (const Index all : active_)
    if (all > first) active.push_back(std::min(all - first, count));
  return Sequence(std::move(active));
}

std::vector<Index> Sequence::positions(Index streams, Index first) const {
  std::vector<Index> position;
  position.reserve(static_cast<std::size_t>(rows()));
  for (Index t = 0; t < steps(); ++t)
    for (Index b = 0; b < active(t); ++b) position.push_back(t * streams + first + b);
  return position;
}

std::vector<Index> Sequence::stream_numbers(Index first) const { return positions(0, first); }

}  // namespace moelm
