// Which experts each row was sent to, with what gates: the outcome of a gate, the input of dispatch and of statistics.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/index.hpp"

namespace moelm {

/// Sums over rows, from which the balancing losses are computed. The sums of a step are the sums of its parts.
struct RoutingSums {
  Index rows = 0;
  std::vector<Index> tokens;        ///< rows sent to each expert, [E]
  std::vector<double> importance;   ///< equation 6, of a hierarchy equation 13, [E]
  std::vector<double> load;         ///< equation 10, of a hierarchy equation 14; a count without smooth load, [E]
  std::vector<double> probability;  ///< softmax over all clean logits, for the Switch loss; else empty, [E]
  double z = 0;                     ///< sum of squared logarithms of the sums of exp(logit), for the z-loss
  double threshold_loss = 0;        ///< equation 20, of a balanced gate in training
  Index noisy_pairs = 0;            ///< pairs that were chosen with noise
  Index clean_pairs = 0;            ///< those of them that the logits without noise choose too

  // The parts of equation 14, empty in a flat layer.
  std::vector<double> primary_load;    ///< Load_primary, [A]
  std::vector<double> secondary_load;  ///< Load_i of every group, side by side, [E]
  std::vector<double> group_rows;      ///< |X^(i)|, [A]

  /// Zeros for a number of experts; nothing of a hierarchy.
  void reset(Index experts);
  /// Adds the sums over other rows of the same layer.
  void add(const RoutingSums& other);
  /// Load_H = Load_primary Load_i / |X^(i)| (equation 14); zero for a group without rows.
  void combine_levels();
};

/// Routing of N rows over E experts: row n is sent to `expert[p]` with `gate[p]` for p in [begin[n], begin[n + 1]), by
/// falling logit where a top k was taken. Membership is by selected index, never by gate > 0.
struct Routing {
  Index rows = 0;
  Index experts = 0;
  std::vector<Index> begin;  ///< [N + 1]
  std::vector<std::int32_t> expert;
  std::vector<float> gate;
  RoutingSums sums;

  Index pairs() const { return static_cast<Index>(expert.size()); }
  /// The pairs of a row are those from first_pair(row) to before first_pair(row + 1).
  std::size_t first_pair(Index row) const { return static_cast<std::size_t>(begin[static_cast<std::size_t>(row)]); }
  std::span<const std::int32_t> experts_of(Index row) const {
    return std::span(expert).subspan(first_pair(row), first_pair(row + 1) - first_pair(row));
  }
  std::span<const float> gates_of(Index row) const {
    return std::span(gate).subspan(first_pair(row), first_pair(row + 1) - first_pair(row));
  }

  /// Room for `k` experts of each of `rows` rows.
  void shape(Index row_count, Index expert_count, Index k);
  /// Adds the rows of another routing over the same experts, and its sums.
  void append(const Routing& other);
  /// Computes the tokens and the importance of every expert from pairs and gates. Sets the load to the token counts.
  void count_pairs();
};

}  // namespace moelm
