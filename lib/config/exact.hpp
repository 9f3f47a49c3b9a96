// Sizes of models: a configuration may hold any numbers, so an overflow is noticed.
#pragma once

#include <optional>

#include "base/checked.hpp"
#include "base/error.hpp"
#include "base/index.hpp"

namespace moelm {

/// An integer whose sums and products are Error(bad_config) if they do not fit into 63 bits.
class Exact {
 public:
  Exact(Index value) : value_(value) {}  // NOLINT: sums and products read as in the paper
  Index value() const { return value_; }

  friend Exact operator+(Exact a, Exact b) { return kept(checked_sum(a.value_, b.value_)); }
  friend Exact operator*(Exact a, Exact b) { return kept(checked_product(a.value_, b.value_)); }

 private:
  static Index kept(std::optional<Index> value) {
    if (!value) throw Error(Exit::bad_config, "model: expected fewer than 2^63 parameters, found more");
    return *value;
  }
  Index value_;
};

}  // namespace moelm
