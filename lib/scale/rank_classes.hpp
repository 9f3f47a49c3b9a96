// Ranks that are alike, as one class: what a network needs to know of many ranks.
#pragma once

#include <cstddef>
#include <vector>

#include "scale/fair_network.hpp"

namespace moelm {

/// What a rank has in an exchange.
struct RankPart {
  double start = 0;  ///< when it is ready, in seconds
  double rows = 1;   ///< that it has at home, in shares of the mean
  double load = 1;   ///< rows that its experts get, in shares of the mean
};

struct RankClasses {
  std::vector<RankClass> classes;
  std::vector<RankPart> parts;        ///< of a rank of each class: rows and load are means, the start is the latest
  std::vector<std::size_t> class_of;  ///< of each rank
};

/// Up to 32 ranks are a class each. More are joined where start, rows and load are alike within an eighth of what the
/// ranks differ by. Rank 0 stays alone if it is `apart`.
RankClasses classes_of(const std::vector<RankPart>& ranks, bool apart);

}  // namespace moelm
