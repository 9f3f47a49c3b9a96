#include "statistics/top_contexts.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace moelm {
namespace {

bool better(const ContextRow& a, const ContextRow& b) { return a.gate != b.gate ? a.gate > b.gate : a.row < b.row; }

}  // namespace

TopContexts::TopContexts(Index experts, Index keep) : keep_(keep), heaps_(experts) {
  ensure(keep >= 0, "a number of contexts");
}

void TopContexts::offer(Index expert, ContextRow candidate) {
  auto& heap = heaps_[expert];
  if (static_cast<Index>(heap.size()) == keep_) {
    if (heap.empty() || !better(candidate, heap.front())) return;
    std::pop_heap(heap.begin(), heap.end(), better);
    heap.pop_back();
  }
  heap.push_back(candidate);
  std::push_heap(heap.begin(), heap.end(), better);
}

std::vector<ContextRow> TopContexts::best(Index expert) const {
  auto rows = heaps_[expert];
  std::sort(rows.begin(), rows.end(), better);
  return rows;
}

}  // namespace moelm
