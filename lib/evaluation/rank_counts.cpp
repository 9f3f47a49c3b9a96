#include "evaluation/rank_counts.hpp"

#include <algorithm>
#include <vector>

#include "base/check.hpp"
#include "model/output_layer.hpp"

namespace moelm {

namespace {

constexpr Index kMaxLogProbabilities = Index{1} << 22;  // 16 MiB

}  // namespace

void RankCounts::add(Index rank) {
  ++tokens;
  for (std::size_t i = 0; i < kLimits.size(); ++i) within[i] += rank <= kLimits[i] ? 1 : 0;
  reciprocal += 1 / static_cast<double>(rank);
}

Index rank_of(std::span<const float> log_probabilities, std::int32_t token) {
  ensure(token >= 0 && static_cast<std::size_t>(token) < log_probabilities.size(), "the token is of the vocabulary");
  const auto at = log_probabilities.begin() + token;
  const float own = *at;
  const auto before = std::count_if(log_probabilities.begin(), at, [own](float other) { return other >= own; });
  const auto after = std::count_if(at + 1, log_probabilities.end(), [own](float other) { return other > own; });
  return static_cast<Index>(1 + before + after);
}

TargetRanks::TargetRanks(Context& context, const ModelConfig& config, const ModelParameters& parameters)
    : context_(context), config_(config), parameters_(parameters) {
  cache_.packing = WeightPacking::once;
  cache_.layers.resize(parameters.layers.size());
}

void TargetRanks::add(const Batch& batch, const ModelCache& pass) {
  const ConstMatrixView x = softmax_input(pass);
  const Index vocabulary = vocabulary_of(parameters_);
  const Index chunk = std::max<Index>(1, kMaxLogProbabilities / vocabulary);
  std::vector<Index> ranks(static_cast<std::size_t>(x.rows));
  for (Index begin = 0; begin < x.rows; begin += chunk) {
    const Index rows = std::min(chunk, x.rows - begin);
    log_probabilities_.reshape(rows, vocabulary);
    output_log_probabilities(context_, config_, parameters_, x.row_range(begin, begin + rows), cache_,
                             log_probabilities_);
    context_.parallel_ranges(rows, 1, [&](Index first, Index last) {
      for (Index r = first; r < last; ++r)
        ranks[begin + r] = rank_of(ConstMatrixView(log_probabilities_).row_span(r), batch.targets[begin + r]);
    });
  }
  for (const Index rank : ranks) counts_.add(rank);
}

}  // namespace moelm
