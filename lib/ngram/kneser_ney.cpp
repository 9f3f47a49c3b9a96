#include "ngram/kneser_ney.hpp"

#include <algorithm>
#include <cmath>

#include "base/check.hpp"

namespace moelm {

KneserNey::KneserNey(int order, Index vocabulary_size)
    : order_(order),
      vocabulary_size_(vocabulary_size),
      begin_(static_cast<std::int32_t>(vocabulary_size)),
      counts_(1),
      discounts_(static_cast<std::size_t>(order) + 1) {
  ensure(order >= 1 && order <= 8, "order out of range");
  ensure(vocabulary_size >= 1 && vocabulary_size < INT32_MAX, "vocabulary out of range");
}

std::uint32_t KneserNey::add(std::uint32_t context, std::int32_t token, std::uint32_t suffix) {
  std::uint32_t id = table_.find(context, token);
  if (id == NgramTable::kNone) {
    const bool at_begin = context == 0 ? token == begin_ : table_.node(context).at_begin;
    id = table_.add(context, token, at_begin);
    counts_.emplace_back();
    ++counts_[suffix].left_neighbours;
  }
  ++counts_[id].occurrences;
  return id;
}

/// Adds all n-grams that end at `token`, from the shortest: each is the suffix of the next.
void KneserNey::extend(std::int32_t token) {
  std::vector<std::uint32_t> now;
  std::uint32_t suffix = 0;
  const std::size_t longest = std::min(recent_.size(), static_cast<std::size_t>(order_ - 1));
  for (std::size_t length = 0; length <= longest; ++length) {
    const std::uint32_t context = length == 0 ? 0 : recent_[length - 1];
    suffix = add(context, token, suffix);
    now.push_back(suffix);
  }
  recent_ = std::move(now);
}

void KneserNey::count(std::span<const std::int32_t> line) {
  recent_.clear();
  extend(begin_);
  for (const std::int32_t token : line) {
    ensure(token >= 0 && token < begin_, "token out of range");
    extend(token);
  }
}

/// Occurrences where no longer n-gram was counted (the highest order, the begin of a line), else the number of
/// different left neighbours.
std::uint32_t KneserNey::adjusted_count(std::uint32_t node) const {
  const NgramTable::Node& n = table_.node(node);
  return n.length == order_ || n.at_begin ? counts_[node].occurrences : counts_[node].left_neighbours;
}

double KneserNey::discount(std::uint32_t node) const {
  const std::uint32_t count = adjusted_count(node);
  return count == 0 ? 0 : discounts_[table_.node(node).length][std::min(count, 3u) - 1];
}

void KneserNey::finish() {
  contexts_.assign(table_.size(), {});
  std::vector<std::array<double, 5>> having(static_cast<std::size_t>(order_) + 1);  // [order][count], count up to 4
  const std::uint32_t begin_node = table_.find(0, begin_);
  for (std::uint32_t id = 1; id < static_cast<std::uint32_t>(table_.size()); ++id) {
    const std::uint32_t count = adjusted_count(id);
    if (id == begin_node || count == 0) continue;
    Context& context = contexts_[table_.node(id).parent];
    context.total += count;
    ++context.followers[std::min(count, 3u) - 1];
    if (count <= 4) ++having[table_.node(id).length][count];
  }
  for (std::size_t order = 1; order < discounts_.size(); ++order) {
    const auto& n = having[order];
    const double y = n[1] / (n[1] + 2 * n[2]);
    for (std::size_t i = 1; i <= 3; ++i) {
      const double d = static_cast<double>(i) - static_cast<double>(i + 1) * y * n[i + 1] / n[i];
      // Texts too small for the estimate use the customary constants.
      const bool sound = std::isfinite(d) && d >= 0 && d <= static_cast<double>(i);
      discounts_[order][i - 1] = sound ? d : 0.5 * static_cast<double>(i);
    }
  }
}

double KneserNey::probability(std::span<const std::int32_t> line_so_far, std::int32_t token) const {
  double p = 1.0 / static_cast<double>(vocabulary_size_);
  const std::size_t available = line_so_far.size() + 1;  // the begin of the line included
  for (std::size_t length = 0; length <= std::min(available, static_cast<std::size_t>(order_ - 1)); ++length) {
    std::uint32_t context = 0;
    for (std::size_t i = length; i > 0 && context != NgramTable::kNone; --i)
      context = table_.find(context, i > line_so_far.size() ? begin_ : line_so_far[line_so_far.size() - i]);
    if (context == NgramTable::kNone) break;
    const Context& c = contexts_[context];
    if (c.total == 0) break;
    const auto& d = discounts_[length + 1];
    const double left = (d[0] * c.followers[0] + d[1] * c.followers[1] + d[2] * c.followers[2]) / c.total;
    p *= left;
    if (const std::uint32_t id = table_.find(context, token); id != NgramTable::kNone)
      p += (adjusted_count(id) - discount(id)) / c.total;
  }
  return p;
}

double KneserNey::log_probability(std::span<const std::int32_t> line) const {
  double sum = 0;
  for (std::size_t i = 0; i < line.size(); ++i) sum += std::log(probability(line.first(i), line[i]));
  return sum;
}

}  // namespace moelm
