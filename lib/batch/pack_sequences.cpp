#include "batch/pack_sequences.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/check.hpp"

namespace moelm {

std::vector<std::size_t> order_by_length(TokenSequences sequences, LengthOrder order) {
  std::vector<std::size_t> indices(sequences.size());
  std::iota(indices.begin(), indices.end(), std::size_t{0});
  const bool longest_first = order == LengthOrder::longest_first;
  std::stable_sort(indices.begin(), indices.end(), [&](auto a, auto b) {
    return longest_first ? sequences[a].size() > sequences[b].size() : sequences[a].size() < sequences[b].size();
  });
  return indices;
}

void pack_sequences(TokenSequences sequences, std::span<const std::int32_t> previous, PackedSequences& packed) {
  ensure(previous.size() == sequences.size(), "one previous token per sequence");
  packed.batch.inputs.clear();
  packed.batch.targets.clear();
  packed.origin.clear();
  packed.order = order_by_length(sequences, LengthOrder::longest_first);
  const std::size_t steps = sequences.empty() ? 0 : sequences[packed.order[0]].size();
  std::vector<Index> active(steps);
  for (std::size_t t = 0; t < steps; ++t)
    for (const std::size_t i : packed.order) {
      if (sequences[i].size() <= t) break;
      ++active[t];
      packed.batch.inputs.push_back(t == 0 ? previous[i] : sequences[i][t - 1]);
      packed.batch.targets.push_back(sequences[i][t]);
      packed.origin.push_back({i, static_cast<Index>(t)});
    }
  packed.batch.sequence = steps > 0 ? Sequence(std::move(active)) : Sequence();
}

}  // namespace moelm
