// Statistics of the experts of one MoE layer, accumulated over the chunks of a text.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/index.hpp"
#include "moe/routing.hpp"
#include "statistics/information.hpp"
#include "statistics/pair_counts.hpp"
#include "statistics/top_contexts.hpp"

namespace moelm {

/// What is known about the rows of a chunk beside their routing; all [rows]. Row i of a text reads token i and predicts
/// token i + 1, with tokens numbered from 1; row 0 reads the `</s>` before the text. Statistics are by the token READ,
/// because gate and experts have not seen the predicted one.
struct RowFacts {
  std::span<const Index> row;
  std::span<const std::int32_t> token;
  std::span<const std::int32_t> label;  ///< class of the row, -1: none
};

struct StatisticsOptions {
  Index layer = 0;  ///< index in model.layers, as every report calls it
  Index experts = 0;
  Index k = 0;         ///< experts of a row; hierarchical: the product of both levels
  bool any_k = false;  ///< whether a row may have any number of experts, k on average
  Index vocabulary = 0;
  Index labels = 0;
  std::string load_kind = "smooth";  ///< "smooth" (equation 10) or "count", what Routing::load holds
  Index contexts = 32;               ///< rows with the highest gates that are kept per expert
  Index sample_rows = 500'000;       ///< maximum for the mutual information
  std::uint64_t seed = 1;
};

/// A token and one expert.
struct TokenPreference {
  std::int32_t token = 0;
  Index count = 0;   ///< times this expert was chosen while reading it
  double share = 0;  ///< count / times the token was read
  double lift = 0;   ///< share over the expert's share of all rows: 1 is no preference
};

struct ExpertUse {
  Index tokens = 0;
  double importance = 0;  ///< sum of gates (equation 6)
  double load = 0;        ///< over the whole text: equation 10 or 14, or a count
  double mean_gate = 0;   ///< importance / tokens
  double share = 0;       ///< tokens / choices of all experts
  Index first = 0;        ///< rows where it had the highest gate
  std::vector<TokenPreference> by_lift;
  std::vector<TokenPreference> by_count;
  std::vector<ContextRow> contexts;
};

/// How often two experts were chosen for the same row: a symmetric matrix without its diagonal.
class CoActivation {
 public:
  explicit CoActivation(Index experts = 0);
  void add(Index a, Index b) {
    ++count_[slot(a, b)];
    ++total_;
  }
  Index count(Index a, Index b) const { return a == b ? 0 : count_[slot(a, b)]; }
  Index total() const { return total_; }

 private:
  static std::size_t slot(Index a, Index b);
  std::vector<std::uint32_t> count_;
  Index total_ = 0;
};

struct LayerStatistics {
  Index layer = 0, experts = 0, k = 0, rows = 0;
  std::string load_kind;
  double k_mean = 0;  ///< choices / rows
  double cv_importance = 0, cv_load = 0;
  double max_over_mean_load = 0, max_over_mean_tokens = 0;
  double jain = 0;             ///< of the tokens
  double gate_entropy = 0;     ///< mean over rows of the entropy of the gates, nats
  double usage_entropy = 0;    ///< entropy of the experts' shares, nats; ln E at most
  std::vector<ExpertUse> use;  ///< [experts]
  std::vector<Index> dead;     ///< experts without a token in this text
  Index labels = 0;
  std::vector<Index> label_tokens;  ///< [labels, experts]: choices by class of the row
  std::vector<Index> label_rows;    ///< [labels]
  CoActivation together;
  InformationReport information;
  bool rare_pairs_dropped = false;  ///< counts of rare tokens are lower bounds
};

/// How preferred tokens are chosen.
struct PreferenceOptions {
  Index tokens = 12;
  Index min_count = 4;        ///< tokens that an expert has read less often have no lift ...
  double min_share = 0.0005;  ///< ... and those in a smaller share of its rows
};

/// Accumulates one layer. Beyond the sample and the distinct (expert, token) pairs, memory does not grow with the text.
class ExpertStatistics {
 public:
  explicit ExpertStatistics(StatisticsOptions options);

  /// Adds a chunk. The result does not depend on the chunks: sums over rows are kept. The load of a hierarchical layer
  /// (equation 14) is a ratio of sums, so both sums are kept.
  void add(const Routing& routing, const RowFacts& facts);

  LayerStatistics finish(const PreferenceOptions& preference = {});

 private:
  void add_row(const Routing& routing, Index i, const RowFacts& facts);
  void fill_preferences(const PreferenceOptions& preference, std::vector<ExpertUse>& use);

  StatisticsOptions options_;
  Index rows_ = 0;
  double gate_entropy_ = 0;
  std::vector<ExpertUse> use_;
  RoutingSums sums_;
  std::vector<Index> token_rows_;  // [vocabulary]: times each token was read
  std::vector<Index> label_tokens_, label_rows_;
  CoActivation together_;
  PairCounts pairs_;
  TopContexts contexts_;
  RoutingSample sample_;
};

}  // namespace moelm
