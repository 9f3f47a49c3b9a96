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

namespace moelm {

namespace {

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
        rounds_(std::ceil(as_double(shape.all_lanes()) / shape.ranks)),
        parts_(shape.overlapped && shape.ranks > 1 ? 2 : 1) {
    for (const LayerTensors& layer : model_tensors(config.model, shape.vocabulary))
      copied_.push_back(copied_tensors(layer, config.optimizer));
  }

  std::vector<StepPhase> build() {
    begin();
    const std::size_t layers = config_.model.layers.size();
    for (std::size_t l = 0; l < layers; ++l) forward(l);
    gather("sums of the routing", Phase::routing_sums, routing_bytes(config_.model));
    for (std::size_t l = layers; l-- > 0;) backward(l);
    sum_gradients();
    sum_tables();
    gather("losses", Phase::routing_sums, kBytesOfIndex);
    to_all("check of the step", Cost::messages, Phase::faults, kBytesOfLength);
    update();
    to_all("check of the weights", Cost::messages, Phase::weights_written, kBytesOfLength);
    end();
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

  /// Of a lane.
  double states() const { return state_bytes(config_.model, rows_ / rounds_ / as_double(shape_.unroll)); }

  void begin() {
    send("order, size", Cost::messages, Phase::order, Flow::from_leader, kBytesOfLength);
    send("order", Cost::messages, Phase::order, Flow::from_leader, 80);
    to_all("batch, sizes", Cost::messages, Phase::batch, kBytesOfLength);
    send("batch", Cost::leader, Phase::batch, Flow::from_leader,
         rounds_ * (batch_bytes(rows_ / rounds_, as_double(shape_.unroll)) + states()));
  }

  void end() {
    to_all("end of the step, sizes", Cost::messages, Phase::step_end, kBytesOfLength);
    send("carried states", Cost::leader, Phase::step_end, Flow::to_leader, 1 + rounds_ * states());
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
  /// Bytes of the rows that a rank sends for its pairs, in one of the parts of a pass.
  double row_bytes(std::size_t l) const {
    return rows_ * as_double(moe(l)->experts_per_token()) * as_double(widths_[l]) * kBytesOfFloat / parts_;
  }

  std::size_t send_rows(const std::string& name, std::size_t l, Phase phase, Flow flow) {
    const std::size_t number = send(name, Cost::exchange, phase, flow, row_bytes(l), rounds_);
    if (alone()) return number;
    phases_[number].layer = l;
    phases_[number].beside = parts_ > 1;
    phases_[number].memory_bytes = 2 * row_bytes(l);  // sorted once after or before the journey
    return number;
  }
  void through_experts(const std::string& name, std::size_t l, double passes) {
    // Every pass through a lane reads the weights once.
    work(name, passes * expert_multiply_adds(l) / parts_, rounds_ * kBytesOfFloat * touched_weights(l)).layer = l;
  }

  void forward(std::size_t l) {
    const std::string of_layer = " of layer " + std::to_string(l);
    if (l + 1 == config_.model.layers.size()) return;  // the softmax goes forward and backward at once
    if (moe(l) == nullptr) {
      work("forward" + of_layer, multiply_adds(l));
      return;
    }
    std::vector<std::size_t> rows, outputs;
    for (int part = 0; part < parts_; ++part) {
      work("gate" + of_layer, multiply_adds(l) / parts_);
      to_all("counts" + of_layer, Cost::messages, Phase::expert_counts,
             rounds_ * kBytesOfIndex * as_double(moe(l)->experts) / shape_.ranks, rounds_);
      rows.push_back(send_rows("rows" + of_layer, l, Phase::expert_rows, Flow::to_owners));
      if (moe(l)->hidden_dropout <= 0 || alone()) continue;
      to_all("positions" + of_layer + ", sizes", Cost::messages, Phase::expert_rows, rounds_ * kBytesOfLength, rounds_);
      const std::size_t positions = send("positions" + of_layer, Cost::exchange, Phase::expert_rows, Flow::to_owners,
                                         row_bytes(l) / kBytesOfFloat / as_double(widths_[l]) * kBytesOfIndex, rounds_);
      phases_[positions].layer = l;
    }
    for (int part = 0; part < parts_; ++part) {
      if (parts_ > 1) await(rows[static_cast<std::size_t>(part)]);
      through_experts("experts" + of_layer, l, 1);
      outputs.push_back(send_rows("outputs" + of_layer, l, Phase::expert_outputs, Flow::to_homes));
    }
    for (const std::size_t number : outputs)
      if (parts_ > 1) await(number);
  }

  void backward(std::size_t l) {
    const std::string of_layer = " of layer " + std::to_string(l);
    const bool softmax = l + 1 == config_.model.layers.size();
    if (moe(l) != nullptr) {
      std::vector<std::size_t> gradients, dinputs;
      for (int part = 0; part < parts_; ++part)
        gradients.push_back(send_rows("gradients" + of_layer, l, Phase::expert_gradients, Flow::to_owners));
      for (int part = 0; part < parts_; ++part) {
        if (parts_ > 1) await(gradients[static_cast<std::size_t>(part)]);
        through_experts("experts backward" + of_layer, l, 1);
        dinputs.push_back(send_rows("gradients back" + of_layer, l, Phase::expert_dinputs, Flow::to_homes));
      }
      for (const std::size_t number : dinputs)
        if (parts_ > 1) await(number);
    }
    work("backward" + of_layer, (softmax ? 3 : 2) * multiply_adds(l));
    if (shape_.overlapped) sum_layer(l);
  }

  /// Sums that a rank cannot make alone, because its lanes are no node of the tree; of a mean rank.
  double nodes() const {
    const Index lanes = shape_.all_lanes();
    double all = 0;
    for (int r = 0; r < shape_.ranks; ++r)
      all += static_cast<double>(nodes_of(lanes_of_rank(lanes, r, shape_.ranks), lanes).size());
    return all / shape_.ranks;
  }

  /// Gradients of copies to the ranks that add them, and the sums to all.
  void sum_copies(const std::string& name, double numbers, double tensors) {
    if (numbers == 0 || alone()) return;
    const double bytes = kBytesOfFloat * numbers / shape_.ranks;
    sums_.push_back(
        to_all("slices of " + name, Cost::copies, Phase::gradient_slices, nodes() * bytes, nodes() * tensors));
    phases_.back().memory_bytes = 3 * nodes() * kBytesOfFloat * numbers;  // two are read, one is written
    sums_.push_back(to_all("sums of " + name, Cost::copies, Phase::gradient_sums, bytes, tensors));
  }

  void sum_layer(std::size_t l) {
    const std::size_t first = sums_.size();
    sum_copies("layer " + std::to_string(l), copied_[l].numbers, copied_[l].tensors);
    for (std::size_t i = first; i < sums_.size(); ++i) phases_[sums_[i]].beside = true;
  }

  void sum_gradients() {
    if (shape_.overlapped) {
      for (const std::size_t number : sums_) await(number);
      return;
    }
    double numbers = 0, tensors = 0;
    for (const CopiedTensors& copied : copied_) {
      numbers += copied.numbers;
      tensors += copied.tensors;
    }
    sum_copies("all layers", numbers, tensors);
  }

  /// Rows of the gradient of a table, of the rows of so many ranks.
  double table_rows(std::size_t l, double ranks) const {
    const auto* softmax = std::get_if<SoftmaxConfig>(&config_.model.layers[l]);
    const double tokens =
        shape_.table_rows > 0 && ranks == 1 ? shape_.table_rows : expected_tokens(ranks * rows_, shape_.vocabulary);
    return std::min(tokens + (softmax != nullptr ? as_double(softmax->samples) : 0), as_double(shape_.vocabulary));
  }

  void sum_tables() {
    double bytes = 0, memory = 0;
    for (std::size_t l = 0; l < copied_.size(); ++l) {
      const CopiedTensors& copied = copied_[l];
      if (copied.tables == 0) continue;
      const double numbers = table_rows(l, 1);
      bytes += copied.tables * (kBytesOfIndex + 2 * kBytesOfLength + sizeof(std::int32_t) * numbers) +
               kBytesOfFloat * copied.table_columns * numbers;
      // Every rank adds those of all ranks along the tree: made, two read, written.
      for (double of = 2; of < 2 * shape_.ranks; of *= 2)
        memory += 4 * kBytesOfFloat * copied.table_columns * table_rows(l, std::min<double>(of, shape_.ranks)) *
                  shape_.ranks / of;
    }
    if (bytes == 0 || alone()) return;
    gather("rows of tables", Phase::row_gradients, bytes, Cost::tables);
    phases_.back().memory_bytes = memory;
  }

  void update() {
    double bytes = 0;
    for (std::size_t l = 0; l < copied_.size(); ++l) {
      bytes += copied_[l].update_bytes + copied_[l].row_update_bytes * table_rows(l, shape_.ranks);
      if (moe(l) == nullptr) continue;
      // The gradient of a matrix of an expert is formed in a cache of the processor.
      const double of_weight = update_bytes_with_gradient(config_.optimizer.experts.kind) - kBytesOfFloat;
      work("update of experts of layer " + std::to_string(l), expert_multiply_adds(l), of_weight * touched_weights(l))
          .layer = l;
    }
    work("update of copies", 0, bytes);
  }

  const RunConfig& config_;
  const StepShape& shape_;
  ModelSize size_;
  std::vector<Index> widths_;
  std::vector<CopiedTensors> copied_;  // of each layer
  double rows_, rounds_;               // rows of a rank; its lanes, one after another
  int parts_;                          // of a pass through experts
  std::vector<StepPhase> phases_;
  std::vector<std::size_t> sums_;  // phases that sum copies
};

}  // namespace

std::vector<StepPhase> step_phases(const RunConfig& config, const StepShape& shape) {
  return Builder(config, shape).build();
}

}  // namespace moelm
