#include "statistics/pair_counts.hpp"

#include <algorithm>
#include <iterator>
#include <tuple>

#include "base/check.hpp"

namespace moelm {
namespace {

bool before(const PairCounts::Entry& a, const PairCounts::Entry& b) {
  return std::tie(a.expert, a.token) < std::tie(b.expert, b.token);
}

}  // namespace

PairCounts::PairCounts(Index limit) : limit_(static_cast<std::size_t>(limit)) {
  ensure(limit > 0, "room for one pair at least");
}

void PairCounts::add(std::int32_t expert, std::int32_t token) {
  constexpr std::size_t kMinBatch = 1 << 16;
  recent_.push_back({expert, token, 1});
  // Merging whenever the new pairs outnumber the old keeps the cost of a pair logarithmic.
  if (recent_.size() >= std::max(kMinBatch, std::min(sorted_.size(), limit_))) merge();
}

const std::vector<PairCounts::Entry>& PairCounts::entries() {
  merge();
  return sorted_;
}

void PairCounts::merge() {
  if (recent_.empty()) return;
  std::sort(recent_.begin(), recent_.end(), before);
  std::vector<Entry> all;
  all.reserve(sorted_.size() + recent_.size());
  std::merge(sorted_.begin(), sorted_.end(), recent_.begin(), recent_.end(), std::back_inserter(all), before);
  recent_.clear();
  sorted_.clear();
  for (const Entry& e : all) {
    if (!sorted_.empty() && sorted_.back().expert == e.expert && sorted_.back().token == e.token)
      sorted_.back().count += e.count;
    else
      sorted_.push_back(e);
  }
  if (sorted_.size() > limit_) drop_rarest();
}

void PairCounts::drop_rarest() {
  dropped_ = true;
  for (std::uint32_t rarest = 1; sorted_.size() > limit_ / 2; ++rarest)
    std::erase_if(sorted_, [rarest](const Entry& e) { return e.count <= rarest; });
}

}  // namespace moelm
