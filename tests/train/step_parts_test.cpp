// A step in parts is the step in one: for every kind of gate, experts of both kinds, a sampled softmax, lines of
// unequal length, and with hidden layers computed again.
#include <algorithm>
#include <cmath>

#include "moe/auxiliary_losses.hpp"
#include "support/catch.hpp"
#include "support/close.hpp"
#include "support/model_case.hpp"
#include "train/learner.hpp"

using namespace moelm;

namespace {

constexpr Index kVocabulary = 30;
const std::vector<Index> kUnequalStreams = {8, 8, 7, 7, 5, 4, 1};

/// The weights after three steps of which each is passed in parts of at most so many rows, and the last result.
struct Trained {
  Learner learner;
  ModelState state;
  StepResult last;

  Trained(Context& context, const ModelConfig& model, Index micro_batch_tokens)
      : learner(context, model, with_factored_experts(), kVocabulary, 1) {
    for (const NamedTensor& t : named_tensors(learner.parameters()))
      *t.values = random_matrix(t.values->rows(), t.values->cols(), std::hash<std::string>{}(t.name),
                                1 / std::sqrt(static_cast<float>(t.values->cols())));
    state.reset(learner.parameters(), 8);
    for (Index step = 1; step <= 3; ++step)
      last =
          learner.step(context, random_batch(Sequence(kUnequalStreams), kVocabulary, static_cast<std::uint64_t>(step)),
                       {step, 8, 1e-3, 1.0, micro_batch_tokens}, state);
  }

  /// Second moments beside plain squares would hide a wrong gradient of an expert less well: epsilon is far above.
  static OptimizerConfig with_factored_experts() {
    OptimizerConfig optimizer;
    for (GroupConfig* group : {&optimizer.dense, &optimizer.tables, static_cast<GroupConfig*>(&optimizer.experts)})
      group->epsilon = 1;
    optimizer.experts.kind = OptimizerKind::factored;
    optimizer.experts.beta1 = 0;
    return optimizer;
  }
};

/// Values that moved by more than rounding from those of the start would be found by their distance to the others.
void require_equal_in_parts(const MoeConfig& moe, Index samples) {
  ModelConfig model = model_config(6, {LstmConfig{6, 0}, moe, LstmConfig{5, 6}}, 0.2);
  std::get<SoftmaxConfig>(model.layers.back()).samples = samples;
  Context context(2);
  Trained whole(context, model, 0);
  REQUIRE(whole.last.fault.empty());
  for (const Index most : {20, 10, 1}) {
    CAPTURE(most, samples, enum_name(moe.gate), moe.groups);
    Trained parts(context, model, most);
    REQUIRE(parts.last.losses.total() == Approx(whole.last.losses.total()).epsilon(1e-6));
    REQUIRE(parts.last.grad_norm == Approx(whole.last.grad_norm).epsilon(1e-5));
    REQUIRE(parts.last.routing[2].tokens == whole.last.routing[2].tokens);
    REQUIRE(mismatch("load", parts.last.routing[2].load, whole.last.routing[2].load, 1e-6) == "");
    const auto expected = named_tensors(whole.learner.parameters()), actual = named_tensors(parts.learner.parameters());
    for (std::size_t i = 0; i < expected.size(); ++i)
      REQUIRE(mismatch(expected[i].name, actual[i].values->values(), expected[i].values->values(), 1e-6) == "");
    for (std::size_t l : {std::size_t{1}, std::size_t{3}})
      REQUIRE(mismatch("state", parts.state.layers[l].c.values(), whole.state.layers[l].c.values(), 1e-5) == "");
  }
}

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

TEST_CASE("a step in parts: no experts at all to balance") { require_equal_in_parts(moe_config(1, 1, {5}), 0); }

TEST_CASE("biases move towards experts that had fewer tokens") {
  ModelConfig model = model_config(6, {layer(GateKind::top_k, 0)}, 0);
  std::get<MoeConfig>(model.layers[1]).bias_rate = 0.01;
  Context context(1);
  Trained trained(context, model, 0);
  const RoutingSums& sums = trained.last.routing[1];
  const Matrix& bias = std::get<MoeParameters>(trained.learner.parameters().layers[1]).gates.first.bias;
  Trained again(context, model, 0);  // the same three steps: the last moved each bias by one rate
  REQUIRE(std::equal(bias.values().begin(), bias.values().end(),
                     std::get<MoeParameters>(again.learner.parameters().layers[1]).gates.first.bias.values().begin()));
  const double mean = 2.0 * static_cast<double>(sums.rows) / 6;
  Matrix before = bias.clone();
  RoutingSums next = sums;
  step_bias(0.01, next, before);
  for (Index e = 0; e < 6; ++e) {
    const double missing = mean - static_cast<double>(sums.tokens[static_cast<std::size_t>(e)]);
    const float moved = before(0, e) - bias(0, e);
    REQUIRE(moved == Approx(missing > 0 ? 0.01 : missing < 0 ? -0.01 : 0.0).margin(1e-6));
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
  const ModelState before = [&] {
    ModelState copy;
    copy.layers.push_back({state.layers[0].h.clone(), state.layers[0].c.clone()});
    return copy;
  }();
  for (const BatchPart& part : parts) {
    ModelState of_part = state_of(state, part);
    for (float& v : of_part.layers[0].c.values()) v += 1;
    put_state(of_part, part, state);
  }
  for (Index b = 0; b < 8; ++b)
    for (Index i = 0; i < 2; ++i) REQUIRE(state.layers[0].c(b, i) == before.layers[0].c(b, i) + 1);
}
