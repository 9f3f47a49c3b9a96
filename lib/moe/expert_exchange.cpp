#include "moe/expert_exchange.hpp"

#include <algorithm>
#include <numeric>

#include "base/check.hpp"
#include "ops/pack_kernels.hpp"
#include "ops/rows.hpp"

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

/// The beginnings of parts of these sizes, side by side, and the end of the last.
std::vector<Index> beginnings(const std::vector<Index>& sizes) {
  std::vector<Index> begin(sizes.size() + 1, 0);
  std::partial_sum(sizes.begin(), sizes.end(), begin.begin() + 1);
  return begin;
}

/// Rows side by side: those of each rank in turn.
template <class Number>
struct RowsOfRanks {
  Number* data;
  Index width;
  std::vector<Index> begin;  ///< of each rank's rows, and the end of the last

  std::span<Number> of(std::size_t rank) const {
    return {data + begin[rank] * width, static_cast<std::size_t>((begin[rank + 1] - begin[rank]) * width)};
  }
};

/// Sends rows of `from` and receives those of `to`, some for each rank; copies this rank's own.
template <class Number>
void exchange_rows(Context& context, Communicator& ranks, Phase phase, const RowsOfRanks<const Number>& from,
                   const RowsOfRanks<Number>& to) {
  std::vector<Outgoing> sends;
  std::vector<Incoming> receives;
  for (int r = 0; r < ranks.size(); ++r) {
    const std::span<const Number> sent = from.of(static_cast<std::size_t>(r));
    const std::span<Number> received = to.of(static_cast<std::size_t>(r));
    if (r == ranks.rank()) {
      context.parallel_ranges(static_cast<Index>(sent.size()), kRowsPerTask * from.width, [&](Index begin, Index end) {
        std::copy(sent.begin() + begin, sent.begin() + end, received.begin() + begin);
      });
      continue;
    }
    if (!sent.empty()) sends.push_back({r, std::as_bytes(sent)});
    if (!received.empty()) receives.push_back({r, std::as_writable_bytes(received)});
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
                               ExchangeMemory& memory, Matrix& own) const {
  own.reshape(plan.dispatch.slots(), width);
  if (context.products() == DataType::bf16) return rounded_to_owners(context, phase, plan, slots, memory, own);
  Matrix& packed = memory.packed;
  packed.reshape(plan.dispatch.slots(), width);
  exchange_rows<float>(context, *ranks, phase, {slots.data, width, beginnings(plan.sent)},
                       {packed.data(), width, beginnings(plan.received)});
  for (const RowBlock& block : blocks_of(plan)) copy_rows(context, packed, block.packed, own, block.own, block.count);
}

// What is beyond the greatest bfloat16 number becomes infinite here, and not only in the product. Then the check of the
// step finds it in the factors.
void ExpertExchange::rounded_to_owners(Context& context, Phase phase, const ExchangePlan& plan, ConstMatrixView slots,
                                       ExchangeMemory& memory, Matrix& own) const {
  memory.sent.resize(static_cast<std::size_t>(slots.size()));
  memory.received.resize(static_cast<std::size_t>(own.size()));
  context.parallel_ranges(slots.rows, kRowsPerTask, [&](Index begin, Index end) {
    pack_kernels().round((end - begin) * width, slots.row(begin), memory.sent.data() + begin * width);
  });
  exchange_rows<Bf16>(context, *ranks, phase, {memory.sent.data(), width, beginnings(plan.sent)},
                      {memory.received.data(), width, beginnings(plan.received)});
  for (const RowBlock& block : blocks_of(plan))
    context.parallel_ranges(block.count, kRowsPerTask, [&](Index begin, Index end) {
      pack_kernels().widen((end - begin) * width, memory.received.data() + (block.packed + begin) * width,
                           own.row(block.own + begin));
    });
}

void ExpertExchange::to_homes(Context& context, Phase phase, const ExchangePlan& plan, ConstMatrixView own,
                              ExchangeMemory& memory, Matrix& slots) const {
  Matrix& packed = memory.packed;
  packed.reshape(plan.dispatch.slots(), width);
  slots.reshape(std::accumulate(plan.sent.begin(), plan.sent.end(), Index{0}), width);
  for (const RowBlock& block : blocks_of(plan)) copy_rows(context, own, block.own, packed, block.packed, block.count);
  exchange_rows<float>(context, *ranks, phase, {packed.data(), width, beginnings(plan.received)},
                       {slots.data(), width, beginnings(plan.sent)});
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
