// Token sequences as a tree, in which each prefix that several of them share is there once.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/index.hpp"

namespace moelm {

/// A prefix, by its last token.
struct PrefixNode {
  std::int32_t token = 0;
  Index parent = -1;  ///< the prefix before it: its place in the level above; -1: the empty prefix
  Index inner = -1;   ///< its number among the prefixes of its level that go on; -1: it only ends sequences
};

/// levels[d] holds the prefixes of d + 1 tokens.
class PrefixTree {
 public:
  /// Empty sequences are allowed.
  explicit PrefixTree(std::span<const std::span<const std::int32_t>> sequences);

  std::span<const std::vector<PrefixNode>> levels() const { return levels_; }
  /// The place of a whole sequence, which is not empty, in its last level.
  Index place(std::size_t sequence) const { return places_[sequence]; }
  /// Number of prefixes: the tokens that have to be computed.
  Index nodes() const;

 private:
  std::vector<std::vector<PrefixNode>> levels_;
  std::vector<Index> places_;
};

}  // namespace moelm
