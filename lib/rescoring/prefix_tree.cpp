#include "rescoring/prefix_tree.hpp"

#include <algorithm>
#include <numeric>

namespace moelm {

/// In alphabetical order a sequence shares its longest prefix with the one before it.
PrefixTree::PrefixTree(std::span<const std::span<const std::int32_t>> sequences) : places_(sequences.size(), -1) {
  std::vector<std::size_t> order(sequences.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::lexicographical_compare(sequences[a].begin(), sequences[a].end(), sequences[b].begin(),
                                        sequences[b].end());
  });
  std::span<const std::int32_t> before;
  for (const std::size_t i : order) {
    const std::span<const std::int32_t> sequence = sequences[i];
    const std::size_t limit = std::min(before.size(), sequence.size());
    std::size_t depth = 0;
    while (depth < limit && before[depth] == sequence[depth]) ++depth;
    if (levels_.size() < sequence.size()) levels_.resize(sequence.size());
    // The prefixes of the sequence before are the last ones of their levels.
    for (; depth < sequence.size(); ++depth) {
      const Index parent = depth == 0 ? -1 : static_cast<Index>(levels_[depth - 1].size()) - 1;
      levels_[depth].push_back({sequence[depth], parent, -1});
    }
    if (!sequence.empty()) places_[i] = static_cast<Index>(levels_[sequence.size() - 1].size()) - 1;
    before = sequence;
  }
  for (std::size_t d = 1; d < levels_.size(); ++d) {
    Index inner = 0;
    for (const PrefixNode& node : levels_[d]) {
      PrefixNode& parent = levels_[d - 1][static_cast<std::size_t>(node.parent)];
      if (parent.inner < 0) parent.inner = inner++;
    }
  }
}

Index PrefixTree::nodes() const {
  Index count = 0;
  for (const auto& level : levels_) count += static_cast<Index>(level.size());
  return count;
}

}  // namespace moelm
