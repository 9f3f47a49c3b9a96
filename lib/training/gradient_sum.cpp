#include "training/gradient_sum.hpp"

#include <algorithm>
#include <utility>

#include "dist/message.hpp"
#include "ops/kernels.hpp"
#include "ops/rows.hpp"

namespace moelm {

namespace {

/// The part of a gradient that one rank adds.
struct Slice {
  Index begin, count;
};

Slice slice_of(Index size, int rank, int ranks) {
  const Index begin = share_begin(size, rank, ranks);
  return {begin, share_begin(size, rank + 1, ranks) - begin};
}

std::span<float> numbers(Matrix& m, Slice slice) {
  return m.values().subspan(static_cast<std::size_t>(slice.begin), static_cast<std::size_t>(slice.count));
}

void add_values(std::vector<float>& to, const std::vector<float>& from) {
  kernels().axpy(static_cast<Index>(from.size()), 1.0f, from.data(), to.data());
}

/// left += right. A lane without rows has a gradient of no row and no column.
void add_partial_rows(RowGradient& left, const RowGradient& right) {
  if (left.index.empty()) {
    left.index = right.index;
    left.rows.copy_from(right.rows);
  } else if (!right.index.empty()) {
    add_rows(right, left);
  }
}

void write_rows(const RowGradient& gradient, MessageWriter& message) {
  message.values(gradient.index);
  message.value(gradient.rows.cols());
  message.values(gradient.rows.values());
}

RowGradient read_rows(MessageReader& message) {
  RowGradient gradient;
  message.values(gradient.index);
  const auto columns = message.value<Index>();
  gradient.rows = Matrix(static_cast<Index>(gradient.index.size()), columns);
  message.values_into(gradient.rows.values());
  return gradient;
}

}  // namespace

GradientSum::GradientSum(Communicator& ranks, Index lanes)
    : ranks_(ranks), lanes_(lanes), next_(lanes_of_rank(lanes, ranks.rank(), ranks.size()).first), sum_(lanes) {}

void GradientSum::take_lane(Context& context, const CopiedGradients& gradients) {
  Partial lane;
  for (Matrix* m : gradients.whole) lane.whole.emplace_back().swap(*m);
  for (RowGradient* rows : gradients.rows) std::swap(lane.rows.emplace_back(), *rows);
  sum_.push({next_, next_ + 1}, std::move(lane), [&](Partial& left, const Partial& right) {
    for (std::size_t i = 0; i < left.whole.size(); ++i) add(context, right.whole[i], left.whole[i]);
    for (std::size_t i = 0; i < left.rows.size(); ++i) add_partial_rows(left.rows[i], right.rows[i]);
  });
  ++next_;
  // The next lane needs memory of the same shape.
  const Partial& newest = sum_.nodes().back().second;
  for (std::size_t i = 0; i < gradients.whole.size(); ++i)
    gradients.whole[i]->reshape(newest.whole[i].rows(), newest.whole[i].cols());
}

void GradientSum::finish(Context&, const CopiedGradients& gradients) {
  if (ranks_.size() > 1) {
    sum_whole(gradients);
    sum_rows(gradients);
    return;
  }
  Partial& total = sum_.total();
  for (std::size_t i = 0; i < gradients.whole.size(); ++i) gradients.whole[i]->swap(total.whole[i]);
  for (std::size_t i = 0; i < gradients.rows.size(); ++i) std::swap(*gradients.rows[i], total.rows[i]);
}

void GradientSum::sum_whole(const CopiedGradients& gradients) {
  const int size = ranks_.size(), own = ranks_.rank();
  // 1. Every rank gets its slice of all partial sums of all ranks.
  std::vector<Outgoing> sends;
  std::vector<Incoming> receives;
  struct Part {
    LaneNode node;
    std::vector<std::vector<float>> values;  // of each tensor
  };
  std::vector<Part> parts;
  for (int r = 0; r < size; ++r)
    for (const LaneNode node : nodes_of(lanes_of_rank(lanes_, r, size), lanes_)) {
      Part& part = parts.emplace_back(Part{node, {}});
      for (const Matrix* m : gradients.whole)
        part.values.emplace_back(static_cast<std::size_t>(slice_of(m->size(), own, size).count));
    }
  std::size_t p = 0;
  for (int r = 0; r < size; ++r)
    for ([[maybe_unused]] const LaneNode node : nodes_of(lanes_of_rank(lanes_, r, size), lanes_)) {
      if (r != own)
        for (std::vector<float>& values : parts[p].values)
          receives.push_back({r, std::as_writable_bytes(std::span(values))});
      ++p;
    }
  for (auto& [node, partial] : sum_.nodes()) {
    Part& mine = *std::find_if(parts.begin(), parts.end(), [&](const Part& part) { return part.node == node; });
    for (std::size_t i = 0; i < gradients.whole.size(); ++i)
      for (int r = 0; r < size; ++r) {
        const std::span<float> slice = numbers(partial.whole[i], slice_of(partial.whole[i].size(), r, size));
        if (r == own)
          std::copy(slice.begin(), slice.end(), mine.values[i].begin());
        else
          sends.push_back({r, std::as_bytes(slice)});
      }
  }
  ranks_.exchange(Phase::gradient_slices, sends, receives);
  // 2. It adds them along the tree.
  LaneSum<std::vector<std::vector<float>>> slices(lanes_);
  for (Part& part : parts)
    slices.push(part.node, std::move(part.values), [](auto& left, const auto& right) {
      for (std::size_t i = 0; i < left.size(); ++i) add_values(left[i], right[i]);
    });
  // 3. And sends the sums to all.
  sends.clear();
  receives.clear();
  for (std::size_t i = 0; i < gradients.whole.size(); ++i) {
    Matrix& sum = *gradients.whole[i];
    const std::vector<float>& slice = slices.total()[i];
    std::copy(slice.begin(), slice.end(), numbers(sum, slice_of(sum.size(), own, size)).begin());
    for (int r = 0; r < size; ++r) {
      if (r == own) continue;
      sends.push_back({r, std::as_bytes(std::span(slice))});
      receives.push_back({r, std::as_writable_bytes(numbers(sum, slice_of(sum.size(), r, size)))});
    }
  }
  ranks_.exchange(Phase::gradient_sums, sends, receives);
}

void GradientSum::sum_rows(const CopiedGradients& gradients) {
  if (gradients.rows.empty()) return;
  MessageWriter own;
  for (const auto& [node, partial] : sum_.nodes())
    for (const RowGradient& rows : partial.rows) write_rows(rows, own);
  const std::vector<Bytes> all = all_gather(ranks_, Phase::row_gradients, own.finish());
  LaneSum<std::vector<RowGradient>> sum(lanes_);
  for (int r = 0; r < ranks_.size(); ++r) {
    MessageReader message(all[static_cast<std::size_t>(r)]);
    for (const LaneNode node : nodes_of(lanes_of_rank(lanes_, r, ranks_.size()), lanes_)) {
      std::vector<RowGradient> rows;
      for (std::size_t i = 0; i < gradients.rows.size(); ++i) rows.push_back(read_rows(message));
      sum.push(node, std::move(rows), [](auto& left, const auto& right) {
        for (std::size_t i = 0; i < left.size(); ++i) add_partial_rows(left[i], right[i]);
      });
    }
  }
  for (std::size_t i = 0; i < gradients.rows.size(); ++i) std::swap(*gradients.rows[i], sum.total()[i]);
}

}  // namespace moelm
