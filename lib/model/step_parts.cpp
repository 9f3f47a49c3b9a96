#include "model/step_parts.hpp"

#include <algorithm>
#include <utility>

namespace moelm {

namespace {

/// Steps of every stream.
std::vector<Index> lengths(const Sequence& sequence) {
  std::vector<Index> steps(static_cast<std::size_t>(sequence.streams()), 0);
  for (Index t = 0; t < sequence.steps(); ++t)
    for (Index b = 0; b < sequence.active(t); ++b) ++steps[static_cast<std::size_t>(b)];
  return steps;
}

BatchPart part_of(const Batch& batch, Index first, Index count) {
  BatchPart part{first, {batch.sequence.part(first, count), {}, {}}};
  for (Index t = 0; t < part.batch.sequence.steps(); ++t)
    for (Index b = 0; b < part.batch.sequence.active(t); ++b) {
      const auto row = static_cast<std::size_t>(batch.sequence.offset(t) + first + b);
      part.batch.inputs.push_back(batch.inputs[row]);
      part.batch.targets.push_back(batch.targets[row]);
    }
  return part;
}

Matrix rows_of(const Matrix& m, Index first, Index count) {
  Matrix rows(m.empty() ? 0 : count, m.cols());
  std::copy_n(m.row(first), rows.size(), rows.data());
  return rows;
}

}  // namespace

std::vector<BatchPart> split_batch(const Batch& batch, Index max_rows) {
  const std::vector<Index> steps = lengths(batch.sequence);
  const auto streams = static_cast<Index>(steps.size());
  std::vector<BatchPart> parts;
  for (Index first = 0; first < streams;) {
    Index rows = steps[static_cast<std::size_t>(first)], end = first + 1;
    while (end < streams && (max_rows == 0 || rows + steps[static_cast<std::size_t>(end)] <= max_rows))
      rows += steps[static_cast<std::size_t>(end++)];
    parts.push_back(part_of(batch, first, end - first));
    first = end;
  }
  return parts;
}

std::vector<BatchPart> cut_lanes(const Batch& batch, Index lanes) {
  const std::vector<Index> steps = lengths(batch.sequence);
  const auto streams = static_cast<Index>(steps.size());
  std::vector<BatchPart> parts;
  Index first = 0, rows = 0;  // of the streams before `end`
  for (Index lane = 1, end = 0; lane <= lanes; ++lane) {
    for (; end < streams && rows * lanes < lane * batch.rows(); ++end) rows += steps[static_cast<std::size_t>(end)];
    parts.push_back(end > first ? part_of(batch, first, end - first) : BatchPart{first, {}});
    first = end;
  }
  return parts;
}

Sequence streams_of(std::span<const Lane> lanes) {
  std::vector<Index> active;
  for (const Lane& lane : lanes) {
    const Sequence& own = lane.part.batch.sequence;
    active.resize(std::max(active.size(), static_cast<std::size_t>(own.steps())));
    for (Index t = 0; t < own.steps(); ++t) active[static_cast<std::size_t>(t)] += own.active(t);
  }
  return active.empty() ? Sequence() : Sequence(std::move(active));
}

std::vector<std::int32_t> rows_among(const Sequence& all, const Sequence& own, Index before) {
  std::vector<std::int32_t> rows;
  for (Index t = 0; t < own.steps(); ++t)
    for (Index b = 0; b < own.active(t); ++b) rows.push_back(static_cast<std::int32_t>(all.offset(t) + before + b));
  return rows;
}

ModelState state_of(const ModelState& state, const BatchPart& part) {
  const Index count = part.batch.sequence.streams();
  ModelState out;
  for (const LstmState& layer : state.layers)
    out.layers.push_back({rows_of(layer.h, part.first, count), rows_of(layer.c, part.first, count)});
  return out;
}

void put_state(const ModelState& of_part, Index first, ModelState& state) {
  for (std::size_t l = 0; l < state.layers.size(); ++l) {
    if (state.layers[l].h.empty()) continue;
    std::copy_n(of_part.layers[l].h.data(), of_part.layers[l].h.size(), state.layers[l].h.row(first));
    std::copy_n(of_part.layers[l].c.data(), of_part.layers[l].c.size(), state.layers[l].c.row(first));
  }
}

}  // namespace moelm
