// How often the token that comes is among the most probable ones.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "base/context.hpp"
#include "model/language_model.hpp"

namespace moelm {

/// Counts of scored tokens by their rank in the distribution that predicted them: 1 is the most probable token. Of
/// equally probable tokens, the one with the lower id comes first.
struct RankCounts {
  static constexpr std::array<Index, 3> kLimits = {1, 5, 10};

  Index tokens = 0;
  std::array<Index, kLimits.size()> within{};  ///< tokens whose rank is at most kLimits[i]
  double reciprocal = 0;                       ///< sum of 1 / rank

  void add(Index rank);
};

/// The rank of `token` in a distribution over all tokens.
Index rank_of(std::span<const float> log_probabilities, std::int32_t token);

/// Ranks the targets of passes that a Scorer has made. The softmax is computed once more, a few rows at a time. Not
/// thread-safe.
class TargetRanks {
 public:
  /// The model must outlive this and must not change, because its weights are packed once.
  TargetRanks(Context& context, const ModelConfig& config, const ModelParameters& parameters);

  /// Adds the targets of a batch whose pass `pass` holds.
  void add(const Batch& batch, const ModelCache& pass);
  const RankCounts& counts() const { return counts_; }

 private:
  Context& context_;
  const ModelConfig& config_;
  const ModelParameters& parameters_;
  ModelCache cache_;
  Matrix log_probabilities_;
  RankCounts counts_;
};

}  // namespace moelm
