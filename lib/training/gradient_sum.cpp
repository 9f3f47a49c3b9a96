#include "training/gradient_sum.hpp"

#include <algorithm>
#include <exception>
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

/// Slices of the gradients of a layer.
using Slices = std::vector<std::vector<float>>;

void add_slices(Slices& left, const Slices& right) {
  for (std::size_t i = 0; i < left.size(); ++i)
    kernels().axpy(static_cast<Index>(right[i].size()), 1.0f, right[i].data(), left[i].data());
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

void add_partial_rows(std::vector<RowGradient>& left, const std::vector<RowGradient>& right) {
  for (std::size_t i = 0; i < left.size(); ++i) add_partial_rows(left[i], right[i]);
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

/// The sum of one layer.
struct GradientSum::Layer {
  CopiedGradients gradients;
  LaneSum<Partial> sum;
  Index next;  ///< lane
  std::unique_ptr<Transfer> transfer;
  /// This rank's slice of a partial sum.
  struct Part {
    LaneNode node;
    Slices slices;
  };
  std::vector<Part> parts;  ///< of all ranks, in the order of their lanes
  Slices total;

  /// Every rank gets its slice of all partial sums of all ranks.
  Messages scatter(const Communicator& ranks, Index lanes);
  /// It adds them along the tree, and sends the sums to all.
  Messages gather(const Communicator& ranks, Index lanes);
};

Messages GradientSum::Layer::scatter(const Communicator& ranks, Index lanes) {
  const int size = ranks.size(), own = ranks.rank();
  Messages messages{Phase::gradient_slices, {}, {}};
  for (int r = 0; r < size; ++r)
    for (const LaneNode node : nodes_of(lanes_of_rank(lanes, r, size), lanes)) {
      Part& part = parts.emplace_back(Part{node, {}});
      for (const Matrix* m : gradients.whole) {
        std::vector<float>& slice =
            part.slices.emplace_back(static_cast<std::size_t>(slice_of(m->size(), own, size).count));
        if (r != own) messages.receives.push_back({r, std::as_writable_bytes(std::span(slice))});
      }
    }
  for (auto& [node, partial] : sum.nodes()) {
    Part& mine = *std::find_if(parts.begin(), parts.end(), [&n = node](const Part& part) { return part.node == n; });
    for (std::size_t i = 0; i < gradients.whole.size(); ++i)
      for (int r = 0; r < size; ++r) {
        const std::span<float> slice = numbers(partial.whole[i], slice_of(partial.whole[i].size(), r, size));
        if (r == own)
          std::copy(slice.begin(), slice.end(), mine.slices[i].begin());
        else
          messages.sends.push_back({r, std::as_bytes(slice)});
      }
  }
  return messages;
}

Messages GradientSum::Layer::gather(const Communicator& ranks, Index lanes) {
  const int size = ranks.size(), own = ranks.rank();
  LaneSum<Slices> slices(lanes);
  for (Part& part : parts) slices.push(part.node, std::move(part.slices), add_slices);
  total = std::move(slices.total());
  Messages messages{Phase::gradient_sums, {}, {}};
  for (std::size_t i = 0; i < gradients.whole.size(); ++i) {
    Matrix& all = *gradients.whole[i];
    std::copy(total[i].begin(), total[i].end(), numbers(all, slice_of(all.size(), own, size)).begin());
    for (int r = 0; r < size; ++r) {
      if (r == own) continue;
      messages.sends.push_back({r, std::as_bytes(std::span(total[i]))});
      messages.receives.push_back({r, std::as_writable_bytes(numbers(all, slice_of(all.size(), r, size)))});
    }
  }
  return messages;
}

GradientSum::GradientSum(Communicator& ranks, Index lanes, std::vector<CopiedGradients> layers, SpareGradients& spare)
    : ranks_(ranks), lanes_(lanes), exceptions_(std::uncaught_exceptions()), spare_(spare) {
  spare_.resize(layers.size());
  const Index first = lanes_of_rank(lanes, ranks.rank(), ranks.size()).first;
  for (CopiedGradients& layer : layers)
    layers_.push_back({std::move(layer), LaneSum<Partial>(lanes), first, nullptr, {}, {}});
}

GradientSum::~GradientSum() {
  if (std::uncaught_exceptions() > exceptions_) return;  // the other ranks may never send
  for (Layer& layer : layers_)
    if (layer.transfer) layer.transfer->wait();
  if (rows_transfer_) rows_transfer_->wait();
}

void GradientSum::take_lane(Context& context, std::size_t index) {
  Layer& layer = layers_[index];
  const CopiedGradients& gradients = layer.gradients;
  Partial lane;
  for (Matrix* m : gradients.whole) lane.whole.emplace_back().swap(*m);
  for (RowGradient* rows : gradients.rows) std::swap(lane.rows.emplace_back(), *rows);
  layer.sum.push({layer.next, layer.next + 1}, std::move(lane), [&](Partial& left, Partial& right) {
    for (std::size_t i = 0; i < left.whole.size(); ++i) add(context, right.whole[i], left.whole[i]);
    add_partial_rows(left.rows, right.rows);
    spare_[index].push_back(std::move(right.whole));
  });
  ++layer.next;
  renew(index, layer.sum.nodes().back().second.whole);
}

void GradientSum::renew(std::size_t index, const std::vector<Matrix>& like) {
  std::vector<Matrix> memory;
  if (!spare_[index].empty()) {
    memory = std::move(spare_[index].back());
    spare_[index].pop_back();
  }
  memory.resize(like.size());
  for (std::size_t i = 0; i < like.size(); ++i) {
    memory[i].reshape(like[i].rows(), like[i].cols());
    layers_[index].gradients.whole[i]->swap(memory[i]);
  }
}

void GradientSum::start_whole(std::size_t index) {
  Layer& layer = layers_[index];
  if (ranks_.size() == 1 || layer.gradients.whole.empty()) return;
  layer.transfer = ranks_.start(layer.scatter(ranks_, lanes_), [this, &layer] { return layer.gather(ranks_, lanes_); });
}

Bytes GradientSum::rows_of_lanes() {
  MessageWriter own;
  for (Layer& layer : layers_)
    for (const auto& [node, partial] : layer.sum.nodes())
      for (const RowGradient& rows : partial.rows) write_rows(rows, own);
  return own.finish();
}

void GradientSum::start_rows(Bytes own, const std::vector<Index>& sizes) {
  Messages messages{Phase::row_gradients, {}, {}};
  rows_.resize(sizes.size());
  rows_[static_cast<std::size_t>(ranks_.rank())] = std::move(own);
  const Bytes& mine = rows_[static_cast<std::size_t>(ranks_.rank())];
  for (int r = 0; r < ranks_.size(); ++r) {
    if (r == ranks_.rank()) continue;
    Bytes& theirs = rows_[static_cast<std::size_t>(r)];
    theirs.resize(static_cast<std::size_t>(sizes[static_cast<std::size_t>(r)]));
    if (!mine.empty()) messages.sends.push_back({r, mine});
    if (!theirs.empty()) messages.receives.push_back({r, theirs});
  }
  rows_transfer_ = ranks_.start(std::move(messages), {});
}

void GradientSum::finish() {
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    Layer& layer = layers_[l];
    if (layer.transfer) std::exchange(layer.transfer, nullptr)->wait();
    if (ranks_.size() == 1) {
      Partial& total = layer.sum.total();
      for (std::size_t i = 0; i < total.whole.size(); ++i) layer.gradients.whole[i]->swap(total.whole[i]);
      for (std::size_t i = 0; i < total.rows.size(); ++i) std::swap(*layer.gradients.rows[i], total.rows[i]);
    }
    for (auto& [node, partial] : layer.sum.nodes()) spare_[l].push_back(std::move(partial.whole));
  }
  if (!rows_transfer_) return;
  std::exchange(rows_transfer_, nullptr)->wait();
  add_rows_of_ranks();
}

void GradientSum::add_rows_of_ranks() {
  std::vector<LaneSum<std::vector<RowGradient>>> sums;
  for (std::size_t l = 0; l < layers_.size(); ++l) sums.emplace_back(lanes_);
  for (int r = 0; r < ranks_.size(); ++r) {
    MessageReader message(rows_[static_cast<std::size_t>(r)]);
    for (std::size_t l = 0; l < layers_.size(); ++l)
      for (const LaneNode node : nodes_of(lanes_of_rank(lanes_, r, ranks_.size()), lanes_)) {
        std::vector<RowGradient> rows;
        for (std::size_t i = 0; i < layers_[l].gradients.rows.size(); ++i) rows.push_back(read_rows(message));
        sums[l].push(node, std::move(rows), [](auto& left, const auto& right) { add_partial_rows(left, right); });
      }
  }
  for (std::size_t l = 0; l < layers_.size(); ++l)
    for (std::size_t i = 0; i < layers_[l].gradients.rows.size(); ++i)
      std::swap(*layers_[l].gradients.rows[i], sums[l].total()[i]);
}

}  // namespace moelm
