#include "training/lane_message.hpp"

namespace moelm {

namespace {

void write_matrix(const Matrix& m, MessageWriter& message) {
  message.value(m.rows());
  message.value(m.cols());
  message.values(m.values());
}

Matrix read_matrix(MessageReader& message) {
  const auto rows = message.value<Index>(), columns = message.value<Index>();
  Matrix m(rows, columns);
  message.values_into(m.values());
  return m;
}

}  // namespace

void write_lane(const Lane& lane, MessageWriter& message) {
  const Sequence& sequence = lane.part.batch.sequence;
  std::vector<Index> active;
  for (Index t = 0; t < sequence.steps(); ++t) active.push_back(sequence.active(t));
  message.value(lane.part.first);
  message.values(active);
  message.values(lane.part.batch.inputs);
  message.values(lane.part.batch.targets);
  message.value(static_cast<Index>(lane.state.layers.size()));
  write_state(lane.state, message);
}

Lane read_lane(MessageReader& message) {
  Lane lane;
  lane.part.first = message.value<Index>();
  std::vector<Index> active = message.values<Index>();
  if (!active.empty()) lane.part.batch.sequence = Sequence(std::move(active));
  message.values(lane.part.batch.inputs);
  message.values(lane.part.batch.targets);
  lane.state.layers.resize(static_cast<std::size_t>(message.value<Index>()));
  read_state(message, lane.state);
  return lane;
}

void write_state(const ModelState& state, MessageWriter& message) {
  for (const LstmState& layer : state.layers) {
    write_matrix(layer.h, message);
    write_matrix(layer.c, message);
  }
}

void read_state(MessageReader& message, ModelState& state) {
  for (LstmState& layer : state.layers) {
    layer.h = read_matrix(message);
    layer.c = read_matrix(message);
  }
}

}  // namespace moelm
