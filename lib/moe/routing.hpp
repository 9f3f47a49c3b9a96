// Which experts each row was sent to, with what gates: the outcome of a gate, the input of dispatch and of statistics.
#pragma once

#include <cstdint>
#include <vector>

#include "base/index.hpp"

namespace moelm {

/// Routing of N rows over E experts. `expert` and `gate` are [N, k], a row's choices by falling gate logit; membership
/// is by selected index, never by gate > 0. `importance` (equation 6) and `load` (equation 10; the count where a smooth
/// load does not exist) are sums over the rows, [E].
struct Routing {
  Index rows = 0;
  Index experts = 0;
  Index k = 0;
  std::vector<std::int32_t> expert;
  std::vector<float> gate;
  std::vector<double> importance;
  std::vector<double> load;
  std::vector<Index> tokens;  ///< rows sent to each expert, [E]
};

}  // namespace moelm
