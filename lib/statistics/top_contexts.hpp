// The rows with the highest gate of each expert: the procedure of the paper's table 9, in bounded memory.
#pragma once

#include <cstdint>
#include <vector>

#include "base/index.hpp"

namespace moelm {

/// One row and the gate that an expert had there.
struct ContextRow {
  float gate = 0;
  Index row = 0;
};

/// Keeps for every expert the `keep` rows with the highest gates, earlier rows first among equals. The result does not
/// depend on the order of offers.
class TopContexts {
 public:
  TopContexts(Index experts, Index keep);

  void offer(Index expert, ContextRow candidate);

  /// The kept rows of one expert, highest gate first.
  std::vector<ContextRow> best(Index expert) const;

 private:
  Index keep_;
  std::vector<std::vector<ContextRow>> heaps_;  // per expert, the worst kept row on top
};

}  // namespace moelm
