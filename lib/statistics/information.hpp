// Mutual information of experts with labels or tokens, beside its value for shuffled labels.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/index.hpp"

namespace moelm {

/// A uniform reservoir sample of rows with their experts; all rows up to `limit`. Every row has the same weight, split
/// among its experts by their gates. Rows without an expert are left out (a gate with thresholds may choose none).
class RoutingSample {
 public:
  RoutingSample(Index experts, Index k, Index limit, std::uint64_t seed);

  /// `expert` and `gate` of a row; at most k of each.
  void add(std::int32_t token, std::int32_t label, std::span<const std::int32_t> expert, std::span<const float> gate);

  Index rows() const { return static_cast<Index>(token_.size()); }
  Index seen() const { return seen_; }
  Index experts() const { return experts_; }
  std::span<const std::int32_t> tokens() const { return token_; }
  std::span<const std::int32_t> labels() const { return label_; }

  /// H(expert | group) in nats; `group` has one number per row. Rows of group -1 are left out.
  double entropy_given(std::span<const std::int64_t> group) const;

 private:
  void put(Index row, std::span<const std::int32_t> expert, std::span<const float> gate);

  Index experts_, k_, limit_;
  std::uint64_t seed_;
  Index seen_ = 0;
  std::vector<std::int32_t> token_, label_, expert_;
  std::vector<float> gate_;
};

/// A mutual information in nats, and the same with shuffled labels: the bias of a finite sample. If the two are alike,
/// the experts carry no information.
struct Information {
  double nats = 0;
  double shuffled = 0;
};

struct InformationReport {
  Index rows = 0;                 ///< rows with a label and an expert
  double label_entropy = 0;       ///< H(label): the most that label_expert can be
  double expert_entropy = 0;      ///< H(expert)
  Information label_expert;       ///< I(label; expert)
  Information label_given_token;  ///< I(label; expert | token): what the experts know beyond the token; the shuffle is
                                  ///< among the rows of the same token
  Information token_expert;       ///< I(token; expert): how much of the routing the token alone decides
};

/// Rows with label -1 are left out. The same seed gives the same shuffle.
InformationReport measure_information(const RoutingSample& sample, std::uint64_t seed);

}  // namespace moelm
