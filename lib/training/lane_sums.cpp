#include "training/lane_sums.hpp"

#include <utility>

#include "dist/message.hpp"

namespace moelm {

namespace {

void write(const RoutingSums& s, MessageWriter& message) {
  message.value(s.rows);
  message.values(s.tokens);
  for (const auto* values : {&s.importance, &s.load, &s.probability, &s.primary_load, &s.secondary_load, &s.group_rows})
    message.values(*values);
  message.value(s.z);
  message.value(s.threshold_loss);
  message.value(s.noisy_pairs);
  message.value(s.clean_pairs);
}

void read(MessageReader& message, RoutingSums& s) {
  s.rows = message.value<Index>();
  message.values(s.tokens);
  for (auto* values : {&s.importance, &s.load, &s.probability, &s.primary_load, &s.secondary_load, &s.group_rows})
    message.values(*values);
  s.z = message.value<double>();
  s.threshold_loss = message.value<double>();
  s.noisy_pairs = message.value<Index>();
  s.clean_pairs = message.value<Index>();
}

void write(double value, MessageWriter& message) { message.value(value); }
void read(MessageReader& message, double& value) { value = message.value<double>(); }

void write(const std::vector<RoutingSums>& layers, MessageWriter& message) {
  message.value(static_cast<Index>(layers.size()));
  for (const RoutingSums& layer : layers) write(layer, message);
}
void read(MessageReader& message, std::vector<RoutingSums>& layers) {
  layers.resize(static_cast<std::size_t>(message.value<Index>()));
  for (RoutingSums& layer : layers) read(message, layer);
}

template <class T, class Add>
T sum_over_ranks(Communicator& ranks, LaneSum<T>& own, Index lanes, Add&& add) {
  if (ranks.size() == 1) return std::move(own.total());
  MessageWriter message;
  for (const auto& [node, value] : own.nodes()) write(value, message);
  const std::vector<Bytes> all = all_gather(ranks, Phase::routing_sums, message.finish());
  LaneSum<T> sum(lanes);
  for (int r = 0; r < ranks.size(); ++r) {
    MessageReader reader(all[static_cast<std::size_t>(r)]);
    for (const LaneNode node : nodes_of(lanes_of_rank(lanes, r, ranks.size()), lanes)) {
      T value{};
      read(reader, value);
      sum.push(node, std::move(value), add);
    }
  }
  return std::move(sum.total());
}

}  // namespace

void add_layers(std::vector<RoutingSums>& left, const std::vector<RoutingSums>& right) {
  for (std::size_t l = 0; l < left.size(); ++l)
    if (left[l].tokens.empty())
      left[l] = right[l];
    else if (!right[l].tokens.empty())
      left[l].add(right[l]);
}

std::vector<RoutingSums> sum_of_lanes(Communicator& ranks, LaneSum<std::vector<RoutingSums>>& own, Index lanes) {
  return sum_over_ranks(ranks, own, lanes, add_layers);
}

double sum_of_lanes(Communicator& ranks, LaneSum<double>& own, Index lanes) {
  return sum_over_ranks(ranks, own, lanes, [](double& left, double right) { left += right; });
}

}  // namespace moelm
