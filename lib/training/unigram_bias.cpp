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
  const std::span<float> bias = std::get<SoftmaxParameters>(parameters.layers.back()).bias.values();
  ensure(bias.size() == counts.size(), "one bias a token");
  const auto total = static_cast<double>(std::accumulate(counts.begin(), counts.end(), Index{0}));
  const double sum = total + static_cast<double>(counts.size());
  for (std::size_t i = 0; i < counts.size(); ++i)
    bias[i] = static_cast<float>(std::log((static_cast<double>(counts[i]) + 1) / sum));
}

}  // namespace moelm
