#include "training/unigram_bias.hpp"

#include <cmath>
#include <numeric>

#include "base/check.hpp"
#include "data/token_cursor.hpp"

namespace moelm {

std::vector<Index> token_counts(const Dataset& data, Split split) {
  std::vector<Index> counts(static_cast<std::size_t>(data.tokenizer().vocabulary_size()), 0);
  std::vector<std::int32_t> ids(std::size_t{1} << 14);
  TokenCursor cursor(data, split);
  while (const Index read = cursor.read(static_cast<Index>(ids.size()), ids.data()))
    for (Index i = 0; i < read; ++i) ++counts[static_cast<std::size_t>(ids[static_cast<std::size_t>(i)])];
  return counts;
}

void set_unigram_bias(std::span<const Index> counts, ModelParameters& parameters) {
  ensure(static_cast<Index>(counts.size()) == vocabulary_of(parameters), "one count a token");
  const auto smoothed = [&](Index first, Index last) {
    const auto part = counts.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(last - first));
    return static_cast<double>(std::accumulate(part.begin(), part.end(), last - first));
  };
  const double total = smoothed(0, static_cast<Index>(counts.size()));
  const auto log_share = [&](Index first, Index last) {
    return static_cast<float>(std::log(smoothed(first, last) / total));
  };
  if (auto* whole = std::get_if<SoftmaxParameters>(&parameters.layers.back())) {
    for (Index i = 0; i < whole->bias.size(); ++i) whole->bias.data()[i] = log_share(i, i + 1);
    return;
  }
  auto& adaptive = std::get<AdaptiveSoftmaxParameters>(parameters.layers.back());
  float* bias = adaptive.head_bias.data();
  for (Index i = 0; i < adaptive.head_tokens(); ++i) *bias++ = log_share(i, i + 1);
  for (std::size_t i = 0; i < adaptive.clusters.size(); ++i) {
    const bool is_last = i + 1 == adaptive.clusters.size();
    *bias++ = log_share(adaptive.clusters[i].first,
                        is_last ? static_cast<Index>(counts.size()) : adaptive.clusters[i + 1].first);
  }
}

}  // namespace moelm
