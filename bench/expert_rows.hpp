// A balanced routing: the rows of any two experts differ by at most one.
#pragma once

#include "moe/routing.hpp"

namespace moelm {

/// Sends row n to k experts that are far apart, each with gate 1 / (1 + its rank). REQUIRES k <= experts.
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
