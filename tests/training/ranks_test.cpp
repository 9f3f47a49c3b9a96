// Training over several ranks: after twenty steps every number of ranks has the same weights, moments and carried
// state, bit for bit.
#include <algorithm>
#include <cstring>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/finite.hpp"
#include "dist/local_ranks.hpp"
#include "dist/orders.hpp"
#include "model_files/tensor_transport.hpp"
#include "support/catch.hpp"
#include "support/faulty_rank.hpp"
#include "support/tiny_data.hpp"
#include "training/follower.hpp"
#include "training/learner.hpp"
#include "training/step_check.hpp"

using namespace moelm;

namespace {

constexpr Index kVocabulary = 31, kStreams = 11, kSteps = 20;
constexpr std::uint64_t kSeed = 5;

/// A model, its optimizer, and how it is trained.
struct Case {
  std::string name;
  ModelConfig model;
  OptimizerConfig optimizer;
  DataType products = DataType::f32;
  bool lines = false;  ///< batches of lines of different lengths instead of streams
  bool full_softmax_at_end = false;
  double zero_state = 0;
};

MoeConfig flat() {
  MoeConfig moe = moe_config(7, 2, {6});
  moe.balance_window = 3;
  return moe;
}

MoeConfig two_levels() {
  MoeConfig moe = moe_config(12, 2, {6, 5});
  moe.groups = 4;
  moe.k_groups = 2;
  return moe;
}

ModelConfig model_of(const MoeConfig& moe, double dropout = 0.2) {
  return model_config(8, {LstmConfig{8, 0}, moe, LstmConfig{12, 8}}, dropout);
}

OptimizerConfig optimizer_of(OptimizerKind kind) {
  OptimizerConfig optimizer;
  optimizer.dense.kind = kind;
  optimizer.tables.kind = kind;
  optimizer.experts.kind = kind;
  return optimizer;
}

SoftmaxConfig& softmax_of(ModelConfig& model) { return std::get<SoftmaxConfig>(model.layers.back()); }

std::vector<Case> cases() {
  std::vector<Case> all;
  const auto add = [&](std::string name, ModelConfig model, OptimizerKind kind = OptimizerKind::adam) -> Case& {
    return all.emplace_back(Case{std::move(name), std::move(model), optimizer_of(kind)});
  };
  add("noisy top-k", model_of(flat()));
  add("two levels, zero states", model_of(two_levels())).zero_state = 0.2;
  add("two levels, factored moments", model_of(two_levels()), OptimizerKind::factored);
  add("adafactor", model_of(flat()), OptimizerKind::adafactor);
  add("bf16 products", model_of(flat())).products = DataType::bf16;
  {
    MoeConfig moe = flat();
    moe.weights = DataType::bf16;
    moe.recompute = true;
    moe.hidden_dropout = 0.3;
    moe.mask_outputs = 0.2;
    add("bf16 experts, recomputed, masked", model_of(moe), OptimizerKind::factored);
    add("the same with bf16 products", model_of(moe), OptimizerKind::factored).products = DataType::bf16;
    add("bf16 products, two levels, lines", model_of(two_levels())).products = DataType::bf16;
    all.back().lines = true;
  }
  for (const GateKind gate : {GateKind::top_k, GateKind::sigmoid, GateKind::softmax}) {
    MoeConfig moe = flat();
    moe.gate = gate;
    moe.w_load = 0;
    moe.w_switch = gate == GateKind::sigmoid ? 0 : 0.2;
    moe.w_z = moe.w_switch;
    moe.bias_rate = gate == GateKind::softmax ? 0 : 0.01;
    add("gate " + std::string(enum_name(gate)), model_of(moe));
  }
  add("one expert, no gate", model_of(moe_config(1, 1, {6})));
  {
    Case& c = add("sampled softmax, decay, weight drop", model_of(flat()));
    softmax_of(c.model).samples = 9;
    c.optimizer.tables.weight_decay = c.optimizer.experts.weight_decay = 0.1;
    c.model.weight_drop = 0.2;
    c.model.embedding_dropout = 0.1;
    c.full_softmax_at_end = true;
  }
  {
    Case& c = add("tied tables, lines", model_of(flat()));
    c.model.tied = true;
    c.model.locked_dropout = true;
    c.lines = true;
  }
  {
    Case& c = add("adaptive softmax, lines", model_of(two_levels()));
    softmax_of(c.model).cutoffs = {9, 20};
    c.lines = true;
  }
  {
    Case& c = add("adaptive softmax, tied", model_of(flat()));
    softmax_of(c.model).cutoffs = {9, 20};
    softmax_of(c.model).divisor = 1;
    c.model.tied = true;
  }
  return all;
}

/// Of lines, the last lanes of some steps are empty.
Sequence sequence_of(const Case& c, Index step) {
  if (!c.lines) return Sequence(kStreams, 5);
  if (step % 3 == 0) return Sequence(std::vector<Index>{3, 3, 1, 1, 1, 1, 1, 1});
  return Sequence(std::vector<Index>{kStreams, kStreams, 9, 4, 4, 1});
}

using Snapshot = std::map<std::string, Bytes>;

void put(Snapshot& snapshot, Communicator& ranks, const std::vector<NamedTensor>& tensors) {
  for (const NamedTensor& tensor : tensors) {
    if (tensor.is_here()) {
      const std::span<std::byte> bytes = bytes_of(tensor);
      snapshot[tensor.name] = Bytes(bytes.begin(), bytes.end());
      continue;
    }
    const std::size_t of_number = tensor.bf16_values != nullptr ? sizeof(Bf16) : sizeof(float);
    Index numbers = 1;
    for (const Index size : tensor.absent) numbers *= size;
    Bytes& bytes = snapshot[tensor.name];
    bytes.resize(static_cast<std::size_t>(numbers) * of_number);
    fetch_from_rank(ranks, tensor.name, tensor.owner, bytes);
  }
}

/// All that a checkpoint would have after the steps, and the losses of every step.
Snapshot lead(Context& context, const Case& c, Index lanes, Communicator& ranks) {
  Learner learner(context, c.model, c.optimizer, kVocabulary, kSeed, ranks);
  Snapshot snapshot;
  learner.carried().reset(kStreams);
  for (Index step = 1; step <= kSteps; ++step) {
    const Batch batch = random_batch(sequence_of(c, step), kVocabulary, static_cast<std::uint64_t>(step));
    if (c.lines) learner.carried().reset(batch.sequence.streams());
    const StepOptions options{step, kStreams, 0.01, 1.0, 0, c.full_softmax_at_end && step > 15, lanes, c.zero_state};
    const StepResult result = learner.step(context, batch, options);
    const double losses[] = {result.losses.total(), result.grad_norm};
    const auto bytes = std::as_bytes(std::span(losses));
    snapshot["losses " + std::to_string(step)] = Bytes(bytes.begin(), bytes.end());
    REQUIRE(result.fault == "");
  }
  put(snapshot, ranks, named_tensors(learner.parameters()));
  const OptimizerTensors optimizer = learner.optimizer_tensors();
  put(snapshot, ranks, optimizer.moments);
  for (const auto& [name, steps] : optimizer.last_steps) {
    const auto bytes = std::as_bytes(std::span(*steps));
    snapshot[name] = Bytes(bytes.begin(), bytes.end());
  }
  for (const auto& [name, values] : optimizer.doubles) {
    const auto bytes = std::as_bytes(values);
    snapshot[name] = Bytes(bytes.begin(), bytes.end());
  }
  put(snapshot, ranks, state_tensors(learner.carried().all()));
  return snapshot;
}

SharedModel shared(const Case& c) {
  SharedModel model;
  model.config.model = c.model;
  model.config.optimizer = c.optimizer;
  model.config.train.seed = kSeed;
  model.vocabulary = kVocabulary;
  return model;
}

void put_all(Snapshot& snapshot, Communicator& ranks, Learner& learner) {
  put(snapshot, ranks, named_tensors(learner.parameters()));
  put(snapshot, ranks, learner.optimizer_tensors().moments);
}

/// A bug of an exchange, at rank 1.
struct PlantedFault {
  std::string name;
  Phase phase;
  FaultyRank::Fault fault;
};

Snapshot train(const Case& c, Index lanes, int count, const PlantedFault* planted = nullptr) {
  Snapshot snapshot;
  run_local_ranks(count, [&](Communicator& rank) {
    std::optional<FaultyRank> faulty;
    if (planted != nullptr && rank.rank() == 1) faulty.emplace(rank, planted->phase, planted->fault);
    Communicator& ranks = faulty ? *faulty : rank;
    Context context(1, c.products);
    if (ranks.leads()) {
      snapshot = lead(context, c, lanes, ranks);
      if (count > 1) end_followers(ranks, 3);
    } else if (follow_training(context, shared(c), ranks) != 3) {
      throw std::runtime_error("the exit code of the leader");
    }
  });
  return snapshot;
}

using Received = std::vector<std::span<std::byte>>;

void lose(Received& messages) { std::fill(messages[0].begin(), messages[0].end(), std::byte{0}); }

void swap_two(Received& messages) {
  if (messages.size() < 2) return;
  const std::size_t both = std::min(messages[0].size(), messages[1].size());
  std::swap_ranges(messages[0].begin(), messages[0].begin() + static_cast<std::ptrdiff_t>(both), messages[1].begin());
}

void repeat_another(Received& messages) {
  if (messages.size() < 2 || messages[0].size() != messages[1].size()) return;
  std::copy(messages[0].begin(), messages[0].end(), messages[1].begin());
}

void turn_last_signs(Received& messages) {
  for (std::size_t i = 1; i + 1 < 64 && i <= messages[0].size(); i += sizeof(float))
    messages[0][messages[0].size() - i] ^= std::byte{0x80};
}

/// Gives what came the time before, where that was as long.
FaultyRank::Fault stale() {
  return [before = std::make_shared<std::map<std::size_t, Bytes>>()](Received& messages) {
    Bytes now;
    for (const auto& message : messages) now.insert(now.end(), message.begin(), message.end());
    Bytes& last = (*before)[now.size()];
    std::swap(last, now);
    if (now.empty()) return;
    for (const auto& message : messages) {
      std::copy_n(now.begin(), message.size(), message.begin());
      now.erase(now.begin(), now.begin() + static_cast<std::ptrdiff_t>(message.size()));
    }
  };
}

std::vector<PlantedFault> planted_faults() {
  return {{"rows for experts are lost", Phase::expert_rows, lose},
          {"rows of two ranks change places", Phase::expert_rows, swap_two},
          {"outputs of experts change places", Phase::expert_outputs, swap_two},
          {"gradients of outputs are lost", Phase::expert_gradients, lose},
          {"gradients of rows are lost", Phase::expert_dinputs, lose},
          {"the slice of a lane is lost", Phase::gradient_slices, lose},
          {"the slices of two ranks change places", Phase::gradient_slices, swap_two},
          {"sums of gradients are those of before", Phase::gradient_sums, stale()},
          {"rows of tables have other signs", Phase::row_gradients, turn_last_signs},
          {"sums of the routing of one rank come twice", Phase::routing_sums, repeat_another}};
}

/// Names of what differs.
std::string differences(const Snapshot& a, const Snapshot& b) {
  std::string names;
  for (const auto& [name, bytes] : a)
    if (!b.contains(name) || b.at(name) != bytes) names += name + " ";
  for (const auto& [name, bytes] : b)
    if (!a.contains(name)) names += "+" + name + " ";
  return names;
}

}  // namespace

TEST_CASE("every number of ranks trains to the same bits", "[ranks]") {
  constexpr Index kLanes = 8;
  for (const Case& c : cases()) {
    const Snapshot one = train(c, kLanes, 1);
    for (const int ranks : {2, 3, 4, 8}) {
      CAPTURE(c.name, ranks);
      REQUIRE(differences(one, train(c, kLanes, ranks)) == "");
    }
  }
}

TEST_CASE("bugs of an exchange are noticed: the comparison of bits sees each of them", "[ranks]") {
  constexpr Index kLanes = 8;
  const Case c = cases().front();
  const Snapshot one = train(c, kLanes, 1);
  for (const PlantedFault& fault : planted_faults()) {
    CAPTURE(fault.name);
    std::string noticed;
    try {
      noticed = differences(one, train(c, kLanes, 4, &fault));
    } catch (const std::exception& error) {
      noticed = error.what();
    }
    CHECK(noticed != "");
  }
}

TEST_CASE("one rank with one lane is a step as ever", "[ranks]") {
  for (const Case& c : cases()) {
    CAPTURE(c.name);
    Context context(1, c.products);
    const Snapshot plain = lead(context, c, 1, alone());
    const Snapshot lanes = train(c, 1, 1);
    REQUIRE(differences(plain, lanes) == "");
  }
}

TEST_CASE("lanes change results by rounding only", "[ranks]") {
  const Case c = cases().front();
  const Snapshot one = train(c, 1, 1), eight = train(c, 8, 2);
  REQUIRE(differences(one, eight) != "");
  double first[2], second[2];
  std::memcpy(first, one.at("losses 3").data(), sizeof first);
  std::memcpy(second, eight.at("losses 3").data(), sizeof second);
  REQUIRE(second[0] == Approx(first[0]).epsilon(1e-5));
  REQUIRE(second[1] == Approx(first[1]).epsilon(1e-4));
}

TEST_CASE("gradients that pass the check of their lane have a finite sum", "[ranks]") {
  constexpr float kGreatest = std::numeric_limits<float>::max();
  for (const Index lanes : {1, 2, 8, 1000}) {
    const double most = static_cast<double>(kGreatest) / (2 * static_cast<double>(lanes));
    REQUIRE(sum_stays_finite(most * most, lanes));
    const auto greatest = static_cast<float>(most);
    float sum = 0;
    for (Index l = 0; l < lanes; ++l) sum += greatest;
    REQUIRE(is_finite(sum));
    REQUIRE(!sum_stays_finite(5 * most * most, lanes));
    REQUIRE(!sum_stays_finite(std::numeric_limits<double>::infinity(), lanes));
    REQUIRE(!sum_stays_finite(std::numeric_limits<double>::quiet_NaN(), lanes));
  }
}

TEST_CASE("a rank whose numbers are not finite keeps the step from all ranks", "[ranks]") {
  const Case c = cases().front();
  run_local_ranks(3, [&](Communicator& ranks) {
    Context context(1, c.products);
    if (!ranks.leads()) {
      follow_training(context, shared(c), ranks);
      return;
    }
    Learner learner(context, c.model, c.optimizer, kVocabulary, kSeed, ranks);
    learner.carried().reset(kStreams);
    const Batch batch = random_batch(sequence_of(c, 1), kVocabulary, 1);
    const StepOptions options{1, kStreams, 0.01, 1.0, 0, false, 4};
    REQUIRE(learner.step(context, batch, options).fault == "");
    const std::string name = "layers.2.experts.6.weight_1";
    Snapshot before, after;
    put_all(before, ranks, learner);
    Bytes spoilt = before.at(name);
    std::memset(spoilt.data(), 0xff, sizeof(float));
    store_on_ranks(ranks, name, 2, spoilt);
    const StepResult result = learner.step(context, batch, options);
    CHECK(!result.applied);
    CHECK(result.fault.find("rank") != std::string::npos);
    store_on_ranks(ranks, name, 2, before.at(name));
    put_all(after, ranks, learner);
    CHECK(differences(before, after) == "");
    end_followers(ranks, 0);
  });
}
