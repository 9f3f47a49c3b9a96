// All n-grams of a text as a tree: a node is an n-gram, its parent the n-gram without the last token.
#pragma once

#include <cstdint>
#include <vector>

#include "base/index.hpp"

namespace moelm {

/// Nodes are numbered as they are added; node 0 is the empty n-gram. Find is thread-safe, add is not.
class NgramTable {
 public:
  static constexpr std::uint32_t kNone = 0xffffffffu;

  struct Node {
    std::uint32_t parent = 0;
    std::uint8_t length = 0;
    bool at_begin = false;  ///< the first token is the begin of a line
  };

  NgramTable();

  Index size() const { return static_cast<Index>(nodes_.size()); }
  const Node& node(std::uint32_t id) const { return nodes_[id]; }
  /// The n-gram `parent` followed by `token`, or kNone.
  std::uint32_t find(std::uint32_t parent, std::int32_t token) const;
  /// Adds an n-gram that is not there yet and returns its number.
  std::uint32_t add(std::uint32_t parent, std::int32_t token, bool at_begin);

 private:
  std::size_t slot(std::uint64_t key) const;
  void grow();

  std::vector<Node> nodes_;
  /// Open addressing; the key of an n-gram is its parent and its last token.
  std::vector<std::uint64_t> keys_;
  std::vector<std::uint32_t> values_;
};

}  // namespace moelm
