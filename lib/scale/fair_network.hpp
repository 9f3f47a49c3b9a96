// A network that shares its links fairly: every machine has one link out and one in, and all messages together pass a
// core, which may be narrower than all links.
//
// Ranks that are alike are one class, so a thousand ranks are as quick to compute as a few. A message between two ranks
// flows as fast as max-min fairness lets it: no message could be faster without slowing one that is not faster itself.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

namespace moelm {

/// Some ranks that send and receive the same, from the same time on.
struct RankClass {
  double ranks = 1;
  double start = 0;  ///< seconds
};

struct SharedLinks {
  double bytes_per_second = 1;  ///< of a link, in each direction
  double core = 0;              ///< bytes a second of all messages together; 0: no limit
};

/// When the last message of a rank of each class has arrived, sent or received. `bytes(i, j)` go from every rank of
/// class i to every other rank of class j; they flow when both ranks have started. A rank without messages ends when it
/// starts.
std::vector<double> transfer_times(const std::vector<RankClass>& classes, const SharedLinks& links,
                                   const std::function<double(std::size_t, std::size_t)>& bytes);

}  // namespace moelm
