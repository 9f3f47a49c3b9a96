// The phases of a predicted step are those of a real one: ranks of one process train for two steps, and every byte that
// they send is counted. From the second step on carried states would travel if they did not stay where they are.
#include <mutex>
#include <set>

#include "dist/local_ranks.hpp"
#include "dist/orders.hpp"
#include "scale/step_phases.hpp"
#include "support/catch.hpp"
#include "support/counting_ranks.hpp"
#include "support/tiny_data.hpp"
#include "training/follower.hpp"
#include "training/learner.hpp"

using namespace moelm;

namespace {

constexpr Index kVocabulary = 31, kStreams = 64, kUnroll = 5, kTokensOfLane = 10, kSteps = 2;

struct Case {
  std::string name;
  ModelConfig model;
  TrainType products = TrainType::f32;
};

ModelConfig model_of(const MoeConfig& moe, double dropout = 0) {
  return model_config(8, {LstmConfig{8, 0}, moe, LstmConfig{12, 8}}, dropout);
}

std::vector<Case> cases() {
  std::vector<Case> all;
  all.push_back({"flat", model_of(moe_config(7, 2, {6}))});
  MoeConfig hidden = moe_config(16, 2, {6, 5});
  hidden.hidden_dropout = 0.2;
  hidden.w_switch = 0.1;
  all.push_back({"dropout of hidden units", model_of(hidden, 0.1)});
  all.push_back({"bf16 products", model_of(hidden, 0.1), TrainType::bf16});
  MoeConfig levels = moe_config(12, 2, {6});
  levels.groups = 4;
  levels.k_groups = 2;
  all.push_back({"two levels", model_of(levels)});
  all.push_back(
      {"two MoE layers", model_config(8, {LstmConfig{8, 0}, moe_config(8, 2, {6}), moe_config(4, 1, {6})}, 0)});
  ModelConfig adaptive = model_of(moe_config(7, 2, {6}));
  std::get<SoftmaxConfig>(adaptive.layers.back()).cutoffs = {9, 20};
  all.push_back({"adaptive softmax", adaptive});
  return all;
}

/// Every lane of an even number of streams reads the same ten tokens.
Batch batch_of() {
  Batch batch;
  batch.sequence = Sequence(kStreams, kUnroll);
  for (Index t = 0; t < kUnroll; ++t)
    for (Index b = 0; b < kStreams; ++b) {
      batch.inputs.push_back(static_cast<std::int32_t>(t + kUnroll * (b % 2)));
      batch.targets.push_back(static_cast<std::int32_t>((3 * t + 7 * b) % kVocabulary));
    }
  return batch;
}

RunConfig config_of(const Case& c) {
  RunConfig config;
  config.model = c.model;
  config.train.seed = 3;
  config.train.dtype = c.products;
  return config;
}

/// What all ranks send in the steps.
SentCounts sent_in_steps(const Case& c, int count, Index lanes) {
  SentCounts all;
  std::mutex mutex;
  run_local_ranks(count, [&](Communicator& rank) {
    CountingRank counting(rank);
    Context context(1, products_of(config_of(c).train));
    if (rank.leads()) {
      Learner learner(context, c.model, {}, kVocabulary, 3, counting);
      learner.carried().reset(kStreams);
      for (Index step = 1; step <= kSteps; ++step) {
        const StepResult result = learner.step(context, batch_of(), {step, kStreams, 0.01, 1.0, 0, false, lanes});
        if (!result.fault.empty()) throw std::runtime_error(result.fault);
      }
      end_followers(counting, 0);
    } else {
      SharedModel model;
      model.config = config_of(c);
      model.vocabulary = kVocabulary;
      follow_training(context, model, counting);
    }
    const std::lock_guard<std::mutex> lock(mutex);
    all.add(counting.sent());
  });
  return all;
}

StepShape shape_of(int ranks, Index lanes) {
  StepShape shape;
  shape.vocabulary = kVocabulary;
  shape.rows = kStreams * kUnroll;
  shape.ranks = ranks;
  shape.lanes = lanes;
  shape.unroll = kUnroll;
  shape.table_rows = kTokensOfLane;
  return shape;
}

const std::set<Phase> kRows = {Phase::expert_rows, Phase::expert_outputs, Phase::expert_gradients,
                               Phase::expert_dinputs};

}  // namespace

TEST_CASE("ranks send as many bytes as the prediction says") {
  for (const Case& c : cases())
    for (const int ranks : {2, 4, 8}) {
      const SentCounts sent = sent_in_steps(c, ranks, ranks);
      SentCounts predicted;
      for (const StepPhase& phase : step_phases(config_of(c), shape_of(ranks, ranks))) {
        if (phase.flow == Flow::none) continue;
        predicted.bytes[phase.phase] += kSteps * ranks * bytes_sent(phase, ranks);
        predicted.messages[phase.phase] += kSteps * ranks * phase.messages * (ranks - 1);
      }
      CHECK(sent.rows > 0);
      for (const auto& [phase, bytes] : sent.bytes) {
        CAPTURE(c.name, ranks, phase_name(phase));
        if (phase == Phase::order) continue;  // the orders of the end as well
        if (kRows.contains(phase))
          CHECK(bytes == Approx(predicted.bytes[phase]).epsilon(0.15));  // gates decide how many stay
        else
          CHECK(bytes == Approx(predicted.bytes[phase]).epsilon(1e-9));
      }
      CHECK(sent.messages.at(Phase::gradient_slices) == predicted.messages.at(Phase::gradient_slices));
      CHECK(sent.messages.at(Phase::gradient_sums) == predicted.messages.at(Phase::gradient_sums));
      for (const auto& [phase, bytes] : predicted.bytes) {
        CAPTURE(c.name, ranks, phase_name(phase));
        CHECK(sent.bytes.contains(phase));
      }
    }
}

TEST_CASE("every row that an expert elsewhere gets travels four times, to the expert in the type of products") {
  Case c = cases().front();
  for (const TrainType products : {TrainType::f32, TrainType::bf16}) {
    c.products = products;
    const SentCounts sent = sent_in_steps(c, 4, 4);
    const double there = products == TrainType::bf16 ? 2 : 4;
    CHECK(sent.bytes.at(Phase::expert_rows) == sent.rows * 8 * there);
    CHECK(sent.bytes.at(Phase::expert_outputs) == sent.rows * 8 * 4);
    CHECK(sent.bytes.at(Phase::expert_gradients) == sent.rows * 8 * there);
    CHECK(sent.bytes.at(Phase::expert_dinputs) == sent.rows * 8 * 4);
  }
}

TEST_CASE("ranks with several lanes send the sums that they cannot make alone") {
  const Case c = cases().front();
  for (const auto& [ranks, lanes] : {std::pair{2, 8}, std::pair{3, 8}, std::pair{4, 16}}) {
    const SentCounts sent = sent_in_steps(c, ranks, lanes);
    double slices = 0, counts = 0;
    for (const StepPhase& phase : step_phases(config_of(c), shape_of(ranks, lanes))) {
      if (phase.phase == Phase::gradient_slices) slices += kSteps * ranks * bytes_sent(phase, ranks);
      if (phase.phase == Phase::expert_counts) counts += kSteps * ranks * bytes_sent(phase, ranks);
    }
    CAPTURE(ranks, lanes);
    // Tensors are cut into slices of whole numbers.
    CHECK(sent.bytes.at(Phase::gradient_slices) == Approx(slices).epsilon(1e-3));
    CHECK(sent.bytes.at(Phase::expert_counts) == Approx(counts));
  }
}
