#include "scale/step_phases.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "dist/lane_tree.hpp"
#include "model/parameters.hpp"
#include "model/size.hpp"
#include "scale/copied_tensors.hpp"
#include "scale/expected_counts.hpp"
#include "scale/message_sizes.hpp"
#include "scale/table_sums.hpp"

namespace moelm {

namespace {

constexpr double kBytesOfOrder = 80;  // about: its kind, and the options of the step

double as_double(Index value) { return static_cast<double>(value); }

/// Builds the list.
class Builder {
 public:
  Builder(const RunConfig& config, const StepShape& shape)
      : config_(config),
        shape_(shape),
        size_(model_size(config.model, shape.vocabulary)),
        widths_(input_widths(config.model)),
        rows_(shape.rows_of_rank()),
        lanes_(std::ceil(as_double(shape.all_lanes()) / shape.ranks)) {
    for (const LayerTensors& layer : model_tensors(config.model, shape.vocabulary))
      copied_.push_back(copied_tensors(layer, config.optimizer));
  }

  std::vector<StepPhase> build() {
    begin();
    const std::size_t layers = config_.model.layers.size();
    for (std::size_t l = 0; l < layers; ++l) forward(l);
    gather("sums of the routing", Phase::routing_sums, routing_bytes(config_.model));
    for (std::size_t l = layers; l-- > 0;) backward(l);
    check_and_update();
    to_all("check of the weights", Cost::messages, Phase::weights_written, kBytesOfLength);
    return std::move(phases_);
  }

 private:
  const MoeConfig* moe(std::size_t l) const { return std::get_if<MoeConfig>(&config_.model.layers[l]); }
  bool alone() const { return shape_.ranks == 1; }

  StepPhase& work(const std::string& name, double multiply_adds, double memory_bytes = 0) {
    StepPhase phase;
    phase.name = name;
    phase.multiply_adds = multiply_adds;
    phase.memory_bytes = memory_bytes;
    return phases_.emplace_back(std::move(phase));
  }

  /// Messages, where there is somebody to send to. Returns the number of the phase.
  std::size_t send(const std::string& name, Cost cost, Phase phase, Flow flow, double bytes, double messages = 1) {
    if (alone()) return phases_.size();
    StepPhase sent;
    sent.name = name;
    sent.cost = cost;
    sent.phase = phase;
    sent.flow = flow;
    sent.bytes = bytes;
    sent.messages = messages;
    phases_.push_back(std::move(sent));
    return phases_.size() - 1;
  }
  std::size_t to_all(const std::string& name, Cost cost, Phase phase, double bytes, double messages = 1) {
    return send(name, cost, phase, Flow::to_all, bytes, messages);
  }
  /// all_gather: first the sizes.
  void gather(const std::string& name, Phase phase, double bytes, Cost cost = Cost::messages) {
    to_all(name + ", sizes", Cost::messages, phase, kBytesOfLength);
    to_all(name, cost, phase, bytes);
  }
  void await(std::size_t number) {
    if (!alone()) work("arrival of " + phases_[number].name, 0).awaits = number;
  }

  void begin() {
    send("order, size", Cost::messages, Phase::order, Flow::from_leader, kBytesOfLength);
    send("order", Cost::messages, Phase::order, Flow::from_leader, kBytesOfOrder);
    to_all("batch, sizes", Cost::messages, Phase::batch, kBytesOfLength);
    send("batch", Cost::leader, Phase::batch, Flow::from_leader,
         lanes_ * batch_bytes(rows_ / lanes_, as_double(shape_.unroll)));
  }

  /// Multiply-adds of a rank in one direction.
  double multiply_adds(std::size_t l) const {
    const bool softmax = l + 1 == config_.model.layers.size();
    double ops = as_double(softmax ? size_.softmax_training_ops : size_.layers[l].ops);
    if (moe(l) != nullptr) ops -= as_double(moe(l)->experts_per_token()) * weights_of_expert(l);
    return rows_ * ops;
  }
  double weights_of_expert(std::size_t l) const { return as_double(expert_weights(*moe(l), widths_[l])); }
  double expert_multiply_adds(std::size_t l) const {
    return rows_ * as_double(moe(l)->experts_per_token()) * weights_of_expert(l);
  }
  /// Numbers of the experts of a rank that a step touches.
  double touched_weights(std::size_t l) const {
    const double experts = as_double(moe(l)->experts);
    return expected_experts(as_double(shape_.rows), as_double(moe(l)->experts_per_token()), experts) / shape_.ranks *
           weights_of_expert(l);
  }
  /// Rows that a rank sends for its tokens.
  double pairs(std::size_t l) const { return rows_ * as_double(moe(l)->experts_per_token()); }

  void send_rows(const std::string& name, std::size_t l, Phase phase, Flow flow) {
    const bool rounded = flow == Flow::to_owners && products_of(config_.train) == DataType::bf16;
    const double numbers = pairs(l) * as_double(widths_[l]), of_number = rounded ? kBytesOfBf16 : kBytesOfFloat;
    const std::size_t number = send(name, Cost::exchange, phase, flow, numbers * of_number);
    if (alone()) return;
    phases_[number].layer = l;
    // Sorted once after or before the journey; what travels rounded is rounded before.
    phases_[number].memory_bytes = numbers * (kBytesOfFloat + of_number) * (rounded ? 2 : 1);
  }
  void through_experts(const std::string& name, std::size_t l) {
    work(name, expert_multiply_adds(l), kBytesOfFloat * touched_weights(l)).layer = l;
  }

  void forward(std::size_t l) {
    const std::string of_layer = " of layer " + std::to_string(l);
    if (l + 1 == config_.model.layers.size()) return;  // the softmax goes forward and backward at once
    if (moe(l) == nullptr) {
      work("forward" + of_layer, multiply_adds(l));
      return;
    }
    work("gate" + of_layer, multiply_adds(l));
    to_all("counts" + of_layer, Cost::messages, Phase::expert_counts,
           kBytesOfIndex * as_double(moe(l)->experts) / shape_.ranks);
    send_rows("rows" + of_layer, l, Phase::expert_rows, Flow::to_owners);
    if (moe(l)->hidden_dropout > 0 && !alone()) {
      to_all("positions" + of_layer + ", sizes", Cost::messages, Phase::expert_rows, kBytesOfLength);
      const std::size_t positions =
          send("positions" + of_layer, Cost::exchange, Phase::expert_rows, Flow::to_owners, pairs(l) * kBytesOfIndex);
      phases_[positions].layer = l;
    }
    through_experts("experts" + of_layer, l);
    send_rows("outputs" + of_layer, l, Phase::expert_outputs, Flow::to_homes);
  }

  void backward(std::size_t l) {
    const std::string of_layer = " of layer " + std::to_string(l);
    const bool softmax = l + 1 == config_.model.layers.size();
    if (moe(l) != nullptr) {
      send_rows("gradients" + of_layer, l, Phase::expert_gradients, Flow::to_owners);
      through_experts("experts backward" + of_layer, l);
      send_rows("gradients back" + of_layer, l, Phase::expert_dinputs, Flow::to_homes);
    }
    work("backward" + of_layer, (softmax ? 3 : 2) * multiply_adds(l));
    sum_copies(l);
  }

  /// Sums that a rank cannot make alone, because its lanes are no node of the tree; of a mean rank.
  double nodes() const {
    const Index lanes = shape_.all_lanes();
    double all = 0;
    for (int r = 0; r < shape_.ranks; ++r)
      all += static_cast<double>(nodes_of(lanes_of_rank(lanes, r, shape_.ranks), lanes).size());
    return all / shape_.ranks;
  }

  /// Gradients of the copies of a layer to the ranks that add them, and the sums to all.
  void sum_copies(std::size_t l) {
    if (copied_[l].numbers == 0 || alone()) return;
    const double numbers = kBytesOfFloat * copied_[l].numbers, tensors = copied_[l].tensors;
    const std::string of_layer = " of layer " + std::to_string(l);
    beside(to_all("slices" + of_layer, Cost::copies, Phase::gradient_slices, nodes() * numbers / shape_.ranks,
                  nodes() * tensors));
    phases_.back().memory_bytes = 3 * nodes() * numbers;  // two are read, one is written
    beside(to_all("sums" + of_layer, Cost::copies, Phase::gradient_sums, numbers / shape_.ranks, tensors));
  }

  /// A phase travels beside work, if sums do.
  void beside(std::size_t number) {
    if (alone() || !shape_.overlapped) return;
    phases_[number].beside = true;
    beside_.push_back(number);
  }

  /// Experts need no sums of other ranks: they are updated while those arrive.
  void check_and_update() {
    gather("losses", Phase::routing_sums, kBytesOfIndex);
    gather("check of the step", Phase::faults, kBytesOfLength + kBytesOfIndex + kBytesOfFlag);
    const TableSums tables = table_sums(config_.model, copied_, shape_);
    if (tables.bytes > 0) beside(to_all("rows of tables", Cost::tables, Phase::row_gradients, tables.bytes));
    update_experts();
    for (const std::size_t number : beside_) await(number);
    if (tables.bytes > 0) work("sum of rows of tables", 0, tables.memory_bytes);
    update_copies();
  }

  void update_experts() {
    for (std::size_t l = 0; l < copied_.size(); ++l) {
      if (moe(l) == nullptr) continue;
      // The gradient of a matrix of an expert is formed in a cache of the processor.
      const double of_weight = update_bytes_with_gradient(config_.optimizer.experts.kind) - kBytesOfFloat;
      work("update of experts of layer " + std::to_string(l), expert_multiply_adds(l), of_weight * touched_weights(l))
          .layer = l;
    }
  }

  void update_copies() {
    double bytes = 0;
    for (std::size_t l = 0; l < copied_.size(); ++l)
      bytes += copied_[l].update_bytes +
               copied_[l].row_update_bytes * table_rows(config_.model.layers[l], shape_, shape_.ranks);
    work("update of copies", 0, bytes);
  }

  const RunConfig& config_;
  const StepShape& shape_;
  ModelSize size_;
  std::vector<Index> widths_;
  std::vector<CopiedTensors> copied_;  // of each layer
  double rows_, lanes_;                // of a rank
  std::vector<StepPhase> phases_;
  std::vector<std::size_t> beside_;  // sums that travel beside work
};

}  // namespace

std::vector<StepPhase> step_phases(const RunConfig& config, const StepShape& shape) {
  return Builder(config, shape).build();
}

}  // namespace moelm
