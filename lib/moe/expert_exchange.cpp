#include "moe/expert_exchange.hpp"

#include <algorithm>
#include <numeric>

#include "base/check.hpp"

namespace moelm {

namespace {

/// The rows of one expert from one rank. They lie side by side in the message and in the owner's matrix.
struct RowBlock {
  Index own, packed, count;
};

/// The blocks in the order of the messages: by sending rank, then expert.
std::vector<RowBlock> blocks_of(const ExchangePlan& plan) {
  std::vector<RowBlock> blocks;
  std::vector<Index> next(plan.dispatch.offset.begin(), plan.dispatch.offset.end() - 1);
  Index packed = 0;
  for (std::size_t source = 0; source < plan.received.size(); ++source)
    for (std::size_t e = 0; e < next.size(); ++e) {
      const Index count = plan.counts[source * next.size() + e];
      if (count > 0) blocks.push_back({next[e], packed, count});
      next[e] += count;
      packed += count;
    }
  return blocks;
}

void copy_rows(Context& context, ConstMatrixView from, Index first, MatrixView to, Index to_first, Index count) {
  context.parallel_ranges(count, 64, [&](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) std::copy_n(from.row(first + i), from.cols, to.row(to_first + i));
  });
}

std::span<const std::byte> bytes(ConstMatrixView rows) {
  return std::as_bytes(std::span(rows.data, static_cast<std::size_t>(rows.size())));
}
std::span<std::byte> writable_bytes(MatrixView rows) {
  return std::as_writable_bytes(std::span(rows.data, static_cast<std::size_t>(rows.size())));
}

/// The beginnings of parts of these sizes, side by side, and the end of the last.
std::vector<Index> beginnings(const std::vector<Index>& sizes) {
  std::vector<Index> begin(sizes.size() + 1, 0);
  std::partial_sum(sizes.begin(), sizes.end(), begin.begin() + 1);
  return begin;
}

/// Sends ranges of `from` and receives ranges of `to`, one for each rank; copies this rank's own.
void exchange_rows(Context& context, Communicator& ranks, Phase phase, ConstMatrixView from,
                   const std::vector<Index>& from_begin, MatrixView to, const std::vector<Index>& to_begin) {
  std::vector<Outgoing> sends;
  std::vector<Incoming> receives;
  for (int r = 0; r < ranks.size(); ++r) {
    const auto i = static_cast<std::size_t>(r);
    const Index sent = from_begin[i + 1] - from_begin[i], received = to_begin[i + 1] - to_begin[i];
    if (r == ranks.rank()) {
      copy_rows(context, from, from_begin[i], to, to_begin[i], sent);
      continue;
    }
    if (sent > 0) sends.push_back({r, bytes(from.row_range(from_begin[i], from_begin[i + 1]))});
    if (received > 0) receives.push_back({r, writable_bytes(to.row_range(to_begin[i], to_begin[i + 1]))});
  }
  ranks.exchange(phase, sends, receives);
}

}  // namespace

void ExpertExchange::plan(const Dispatch& home, ExchangePlan& plan) const {
  ensure(static_cast<Index>(home.offset.size()) == experts + 1, "a range of slots for each expert");
  const int size = ranks->size(), own = ranks->rank();
  const auto owned = static_cast<std::size_t>(share_begin(experts, own + 1, size) - share_begin(experts, own, size));
  plan.sent.assign(static_cast<std::size_t>(size), 0);
  plan.received.assign(static_cast<std::size_t>(size), 0);
  plan.counts.assign(static_cast<std::size_t>(size) * owned, 0);
  std::vector<std::vector<Index>> outgoing;
  std::vector<Outgoing> sends;
  std::vector<Incoming> receives;
  for (int r = 0; r < size; ++r) {
    std::vector<Index>& counts = outgoing.emplace_back();
    for (Index e = share_begin(experts, r, size); e < share_begin(experts, r + 1, size); ++e)
      counts.push_back(home.offset[static_cast<std::size_t>(e) + 1] - home.offset[static_cast<std::size_t>(e)]);
    plan.sent[static_cast<std::size_t>(r)] = std::accumulate(counts.begin(), counts.end(), Index{0});
  }
  for (int r = 0; r < size; ++r) {
    const std::vector<Index>& counts = outgoing[static_cast<std::size_t>(r)];
    const std::span<Index> from(plan.counts.data() + static_cast<std::size_t>(r) * owned, owned);
    if (r == own) std::copy(counts.begin(), counts.end(), from.begin());
    if (r == own) continue;
    if (!counts.empty()) sends.push_back({r, std::as_bytes(std::span(counts))});
    if (owned > 0) receives.push_back({r, std::as_writable_bytes(from)});
  }
  ranks->exchange(Phase::expert_counts, sends, receives);
  plan.dispatch.offset.assign(owned + 1, 0);
  for (std::size_t r = 0; r < plan.received.size(); ++r)
    for (std::size_t e = 0; e < owned; ++e) {
      plan.received[r] += plan.counts[r * owned + e];
      plan.dispatch.offset[e + 1] += plan.counts[r * owned + e];
    }
  std::partial_sum(plan.dispatch.offset.begin(), plan.dispatch.offset.end(), plan.dispatch.offset.begin());
  plan.dispatch.row.resize(static_cast<std::size_t>(plan.dispatch.offset.back()));
}

void ExpertExchange::to_owners(Context& context, Phase phase, const ExchangePlan& plan, ConstMatrixView slots,
                               Matrix& packed, Matrix& own) const {
  packed.reshape(plan.dispatch.slots(), width);
  own.reshape(plan.dispatch.slots(), width);
  exchange_rows(context, *ranks, phase, slots, beginnings(plan.sent), packed, beginnings(plan.received));
  for (const RowBlock& block : blocks_of(plan)) copy_rows(context, packed, block.packed, own, block.own, block.count);
}

void ExpertExchange::to_homes(Context& context, Phase phase, const ExchangePlan& plan, ConstMatrixView own,
                              Matrix& packed, Matrix& slots) const {
  const std::vector<Index> sent = beginnings(plan.sent);
  packed.reshape(plan.dispatch.slots(), width);
  slots.reshape(sent.back(), width);
  for (const RowBlock& block : blocks_of(plan)) copy_rows(context, own, block.own, packed, block.packed, block.count);
  exchange_rows(context, *ranks, phase, packed, beginnings(plan.received), slots, sent);
}

void ExpertExchange::to_owners(const ExchangePlan& plan, const std::vector<Index>& slots,
                               std::vector<Index>& own) const {
  std::vector<Bytes> send;
  const std::vector<Index> begin = beginnings(plan.sent);
  for (std::size_t r = 0; r + 1 < begin.size(); ++r) {
    const auto part = std::as_bytes(std::span(slots).subspan(static_cast<std::size_t>(begin[r]),
                                                             static_cast<std::size_t>(begin[r + 1] - begin[r])));
    send.emplace_back(part.begin(), part.end());
  }
  std::vector<Index> packed;
  for (const Bytes& part : all_to_all(*ranks, Phase::expert_rows, send)) {
    std::vector<Index> values(part.size() / sizeof(Index));
    std::copy(part.begin(), part.end(), std::as_writable_bytes(std::span(values)).begin());
    packed.insert(packed.end(), values.begin(), values.end());
  }
  own.resize(packed.size());
  for (const RowBlock& block : blocks_of(plan))
    std::copy_n(packed.begin() + block.packed, block.count, own.begin() + block.own);
}

}  // namespace moelm
