// A step in parts is the step in one: for every kind of gate, experts of both kinds, a sampled softmax, lines of
// unequal length, and with hidden layers computed again.
#include <algorithm>
#include <cmath>

#include "support/catch.hpp"
#include "support/close.hpp"
#include "support/model_case.hpp"
#include "training/learner.hpp"

using namespace moelm;

namespace {

constexpr Index kVocabulary = 30;
constexpr double kRate = 1;
const std::vector<Index> kUnequalStreams = {8, 8, 7, 7, 5, 4, 1};

std::vector<Matrix> weights_of(Learner& learner) {
  std::vector<Matrix> weights;
  for (const NamedTensor& t : named_tensors(learner.parameters())) weights.push_back(t.values->clone());
  return weights;
}

/// Random weights, and what steps of which each is passed in parts of at most so many rows make of them.
struct Trained {
  Learner learner;
  ModelState state;
  std::vector<Matrix> start;
  StepResult last;

  Trained(Context& context, const ModelConfig& model, Index steps, Index micro_batch_tokens, double zero_state = 0)
      : learner(context, model, nearly_plain_descent(), kVocabulary, 1) {
    std::uint64_t seed = 0;
    for (const NamedTensor& t : named_tensors(learner.parameters()))
      *t.values = random_matrix(t.values->rows(), t.values->cols(), ++seed,
                                1 / std::sqrt(static_cast<float>(t.values->cols())));
    start = weights_of(learner);
    state.reset(learner.parameters(), 8);
    for (Index step = 1; step <= steps; ++step)
      last =
          learner.step(context, random_batch(Sequence(kUnequalStreams), kVocabulary, static_cast<std::uint64_t>(step)),
                       {step, 8, kRate, 1.0, micro_batch_tokens, false, 1, zero_state}, state);
  }

  /// Tensor number i after the steps less before them.
  std::vector<double> change(std::size_t i) {
    const Matrix& now = *named_tensors(learner.parameters())[i].values;
    std::vector<double> change;
    for (std::size_t j = 0; j < now.values().size(); ++j)
      change.push_back(static_cast<double>(now.values()[j]) - static_cast<double>(start[i].values()[j]));
    return change;
  }

  /// An update is proportional to its gradient while epsilon is far above the second moment's root, which would
  /// otherwise bring wrong gradients to the same size as right ones.
  static OptimizerConfig nearly_plain_descent() {
    OptimizerConfig optimizer;
    for (GroupConfig* group : {&optimizer.dense, &optimizer.tables, static_cast<GroupConfig*>(&optimizer.experts)})
      group->epsilon = 1;
    optimizer.experts.kind = OptimizerKind::factored;
    optimizer.experts.beta1 = 0;
    return optimizer;
  }
};

void require_equal_in_parts(const ModelConfig& model, double zero_state = 0) {
  const auto& moe = std::get<MoeConfig>(model.layers[2]);
  const Index samples = std::get<SoftmaxConfig>(model.layers.back()).samples;
  Context context(2);
  Trained whole(context, model, 2, 0, zero_state);
  REQUIRE(whole.last.fault.empty());
  for (const Index most : {20, 10, 1}) {
    CAPTURE(most, samples, enum_name(moe.gate), moe.groups);
    Trained parts(context, model, 2, most, zero_state);
    REQUIRE(parts.last.losses.total() == Approx(whole.last.losses.total()).epsilon(1e-5));
    REQUIRE(parts.last.grad_norm == Approx(whole.last.grad_norm).epsilon(1e-4));
    REQUIRE(parts.last.routing[2].tokens == whole.last.routing[2].tokens);
    REQUIRE(mismatch("load", parts.last.routing[2].load, whole.last.routing[2].load, 1e-5) == "");
    for (std::size_t i = 0; i < whole.start.size(); ++i)
      REQUIRE(mismatch(named_tensors(whole.learner.parameters())[i].name, parts.change(i), whole.change(i), 1e-4) ==
              "");
    for (std::size_t l : {std::size_t{1}, std::size_t{3}})
      REQUIRE(mismatch("state", parts.state.layers[l].c.values(), whole.state.layers[l].c.values(), 1e-4) == "");
  }
}

ModelConfig model_of(const MoeConfig& moe, Index samples) {
  ModelConfig model = model_config(6, {LstmConfig{6, 0}, moe, LstmConfig{5, 6}}, 0.2);
  std::get<SoftmaxConfig>(model.layers.back()).samples = samples;
  return model;
}

void require_equal_in_parts(const MoeConfig& moe, Index samples) { require_equal_in_parts(model_of(moe, samples)); }

MoeConfig layer(GateKind gate, Index groups) {
  MoeConfig moe = moe_config(6, 2, {7, 4});
  moe.gate = gate;
  moe.groups = groups;
  return moe;
}

}  // namespace

TEST_CASE("a step in parts: flat gates") {
  require_equal_in_parts(layer(GateKind::noisy_top_k, 0), 0);
  require_equal_in_parts(layer(GateKind::top_k, 0), 0);
  require_equal_in_parts(layer(GateKind::softmax, 0), 0);
}

TEST_CASE("a step in parts: two levels, where the load of a group is a ratio over the whole step") {
  require_equal_in_parts(layer(GateKind::noisy_top_k, 3), 0);
}

TEST_CASE("a step in parts: shared experts, later losses, biases, a sampled softmax, hidden layers computed again") {
  MoeConfig moe = layer(GateKind::noisy_top_k, 0);
  moe.shared = 1;
  moe.w_switch = 0.5;
  moe.w_z = 0.2;
  moe.bias_rate = 0.01;
  moe.recompute = true;
  require_equal_in_parts(moe, 9);
}

TEST_CASE("a step in parts: one dropout mask for all steps of a stream, tokens and recurrent weights dropped") {
  ModelConfig model = model_of(layer(GateKind::top_k, 0), 0);
  model.locked_dropout = true;
  require_equal_in_parts(model);
  model.embedding_dropout = 0.3;
  require_equal_in_parts(model);
  model.weight_drop = 0.5;
  require_equal_in_parts(model);
}

TEST_CASE("a step in parts: some streams begin with the zero state") {
  require_equal_in_parts(model_of(layer(GateKind::noisy_top_k, 0), 0), 0.5);
}

TEST_CASE("a step in parts: hidden units and outputs of experts dropped, kept or computed again") {
  for (const Index groups : {0, 3}) {
    MoeConfig moe = layer(GateKind::noisy_top_k, groups);
    moe.shared = 1;
    moe.hidden_dropout = 0.3;
    moe.mask_outputs = 0.4;
    moe.recompute = groups > 0;
    require_equal_in_parts(moe, 0);
  }
}

TEST_CASE("a step in parts: an adaptive softmax") {
  ModelConfig model = model_config(6, {LstmConfig{6, 0}}, 0.2);
  auto& softmax = std::get<SoftmaxConfig>(model.layers.back());
  softmax.cutoffs = {5, 20};
  Context context(2);
  for (const bool tied : {false, true}) {
    model.tied = tied;
    softmax.divisor = tied ? 1 : 2;
    Trained whole(context, model, 2, 0), parts(context, model, 2, 10);
    REQUIRE(parts.last.losses.total() == Approx(whole.last.losses.total()).epsilon(1e-5));
    REQUIRE(parts.last.grad_norm == Approx(whole.last.grad_norm).epsilon(1e-4));
    for (std::size_t i = 0; i < whole.start.size(); ++i)
      REQUIRE(mismatch(named_tensors(whole.learner.parameters())[i].name, parts.change(i), whole.change(i), 1e-4) ==
              "");
  }
}

TEST_CASE("a step in parts: no experts at all to balance") { require_equal_in_parts(moe_config(1, 1, {5}), 0); }

TEST_CASE("a step in parts: a window of balance, and a layer without a gate behind the last gate") {
  ModelConfig model = model_of(layer(GateKind::noisy_top_k, 0), 0);
  std::get<MoeConfig>(model.layers[2]).balance_window = 4;
  model.layers.insert(model.layers.begin() + 4, moe_config(1, 1, {5}));
  require_equal_in_parts(model);
}

TEST_CASE("a step moves biases towards experts that had fewer tokens") {
  MoeConfig moe = layer(GateKind::top_k, 0);
  moe.bias_rate = 0.01;
  Context context(1);
  for (const Index most : {0, 10}) {
    Trained trained(context, model_config(6, {moe}, 0), 1, most);
    const RoutingSums& sums = trained.last.routing[1];
    std::size_t bias = 0;
    while (named_tensors(trained.learner.parameters())[bias].name != "layers.1.gate.bias") ++bias;
    const std::vector<double> moved = trained.change(bias);
    const double mean = static_cast<double>(moe.k * sums.rows) / static_cast<double>(moe.experts);
    REQUIRE(sums.tokens.size() == moved.size());
    for (std::size_t e = 0; e < moved.size(); ++e) {
      const double missing = mean - static_cast<double>(sums.tokens[e]);
      REQUIRE(moved[e] == Approx(missing > 0 ? 0.01 : missing < 0 ? -0.01 : 0.0).margin(1e-6));
    }
  }
}

TEST_CASE("a batch is cut between streams, and states go to their streams and back") {
  const Batch batch = random_batch(Sequence(kUnequalStreams), kVocabulary, 1);  // streams of 7, 6, 6, 6, 5, 4, 4, 2
  const std::vector<BatchPart> parts = split_batch(batch, 13);
  Index rows = 0, next = 0;
  for (const BatchPart& part : parts) {
    REQUIRE(part.first == next);
    REQUIRE(part.batch.rows() <= 13);
    next += part.batch.sequence.streams();
    rows += part.batch.rows();
    for (Index t = 0; t < part.batch.sequence.steps(); ++t)
      for (Index b = 0; b < part.batch.sequence.active(t); ++b)
        REQUIRE(part.batch.inputs[static_cast<std::size_t>(part.batch.sequence.offset(t) + b)] ==
                batch.inputs[static_cast<std::size_t>(batch.sequence.offset(t) + part.first + b)]);
  }
  REQUIRE(rows == batch.rows());
  REQUIRE(next == 8);
  REQUIRE(split_batch(batch, 0).size() == 1);
  REQUIRE(split_batch(batch, 1).size() == 8);

  ModelState state;
  state.layers.push_back({random_matrix(8, 3, 1), random_matrix(8, 2, 2)});
  const ModelState before = state.clone();
  for (const BatchPart& part : parts) {
    ModelState of_part = state_of(state, part);
    for (float& v : of_part.layers[0].c.values()) v += 1;
    put_state(of_part, part.first, state);
  }
  for (Index b = 0; b < 8; ++b)
    for (Index i = 0; i < 2; ++i) REQUIRE(state.layers[0].c(b, i) == before.layers[0].c(b, i) + 1);
}
