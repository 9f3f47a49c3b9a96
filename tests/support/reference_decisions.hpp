// The choices that make a model's loss piecewise smooth: which experts, which units of a ReLU.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

namespace moelm {

/// Records the choices of the first pass and repeats them in the following ones, so that differences of losses stay on
/// one smooth piece.
class ReferenceDecisions {
 public:
  /// To be called before each pass.
  void rewind() {
    recording_ = !recorded_;
    recorded_ = true;
    next_order_ = next_positive_ = 0;
  }

  /// Indices by falling value, ties to the lower index; the first k are chosen and the next sets the threshold.
  const std::vector<std::size_t>& order(const std::vector<double>& values, std::size_t k) {
    if (recording_) record_order(values, k);
    return orders_[next_order_++];
  }

  bool positive(double value) {
    if (recording_) {
      positive_.push_back(value > 0);
      // Exactly zero is the sum over units that are all zero: zero in any precision.
      if (value != 0) margin_ = std::min(margin_, std::abs(value));
    }
    return positive_[next_positive_++];
  }

  /// How far the closest choice was from another outcome. Single precision has to be well within.
  double margin() const { return margin_; }

  /// The recorded orders: of every row of a gated layer, layer after layer.
  const std::vector<std::vector<std::size_t>>& orders() const { return orders_; }

 private:
  void record_order(const std::vector<double>& values, std::size_t k) {
    std::vector<std::size_t> order(values.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return values[a] > values[b]; });
    // The k-th and the (k+1)-th are told from their neighbours; where all are chosen nothing is decided.
    for (std::size_t j = k > 1 ? k - 2 : 0; k < values.size() && j <= k && j + 1 < values.size(); ++j)
      margin_ = std::min(margin_, values[order[j]] - values[order[j + 1]]);
    orders_.push_back(order);
  }

  bool recorded_ = false, recording_ = false;
  std::size_t next_order_ = 0, next_positive_ = 0;
  double margin_ = std::numeric_limits<double>::infinity();
  std::vector<std::vector<std::size_t>> orders_;
  std::vector<bool> positive_;
};

}  // namespace moelm
