// A routing made by hand: every expert has as many rows as every other, give or take one.
#pragma once

#include "moe/routing.hpp"

namespace moelm {

/// Sends row n to k experts that lie far apart, each with gate 1 / (1 + its place). REQUIRES k <= experts.
inline Routing spread_rows(Index rows, Index experts, Index k) {
  Routing routing;
  routing.shape(rows, experts, k);
  routing.expert.clear();
  routing.gate.clear();
  for (Index n = 0; n < rows; ++n)
    for (Index j = 0; j < k; ++j) {
      routing.expert.push_back(static_cast<std::int32_t>((n + j * (experts / k)) % experts));
      routing.gate.push_back(1.0f / static_cast<float>(1 + j));
    }
  routing.count_pairs();
  return routing;
}

}  // namespace moelm
