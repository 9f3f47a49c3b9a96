// The lanes of a rank, passed together: every lane has the losses, the routing and the gradients that its pass alone
// has, bit for bit, and the experts have the rows of all lanes in their order.
#include "model/lanes_pass.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "support/catch.hpp"
#include "support/model_case.hpp"

using namespace moelm;

namespace {

constexpr Index kVocabulary = 30;

struct Case {
  std::string name;
  ModelConfig model;
  bool full_softmax = false;
};

MoeConfig masked_experts() {
  MoeConfig moe = moe_config(6, 2, {7, 5});
  moe.hidden_dropout = 0.3;
  moe.mask_outputs = 0.2;
  return moe;
}

std::vector<Case> cases() {
  std::vector<Case> all;
  const ModelConfig plain = model_config(8, {LstmConfig{8, 0}, masked_experts(), LstmConfig{12, 8}}, 0.2);
  all.push_back({"full softmax, weight drop", plain});
  all.back().model.weight_drop = 0.2;
  all.push_back({"two layers of experts, two levels", plain});
  MoeConfig levels = moe_config(12, 2, {6});
  levels.groups = 4;
  levels.k_groups = 2;
  all.back().model.layers.insert(all.back().model.layers.end() - 1, levels);
  all.push_back({"tied, full softmax", plain});
  all.back().model.tied = true;
  const auto softmax = [](Case& c) -> SoftmaxConfig& { return std::get<SoftmaxConfig>(c.model.layers.back()); };
  for (const bool tied : {false, true}) {
    all.push_back({"sampled softmax", plain});
    all.back().model.tied = tied;
    softmax(all.back()).samples = 9;
    all.push_back(all.back());
    all.back().full_softmax = true;
    all.push_back({"adaptive softmax", plain});
    all.back().model.tied = tied;
    softmax(all.back()).cutoffs = {4, 12};
    if (tied) softmax(all.back()).divisor = 1;
  }
  return all;
}

/// The numbers of a layer's gradients, with the ids of rows.
std::vector<float> numbers(ModelParameters& parameters, ModelGradients& gradients, std::size_t layer) {
  std::vector<float> all;
  const auto append = [&](const Matrix& m) { all.insert(all.end(), m.values().begin(), m.values().end()); };
  for (const TrainedTensor& tensor : trained_tensors(parameters, gradients)) {
    if (tensor.layer != layer) continue;
    if (tensor.gradient != nullptr) append(*tensor.gradient);
    if (tensor.rows == nullptr) continue;
    for (const std::int32_t id : tensor.rows->index) all.push_back(static_cast<float>(id));
    append(tensor.rows->rows);
  }
  return all;
}

bool same_row(const Matrix& a, Index row_of_a, const Matrix& b, Index row_of_b) {
  return std::equal(a.row(row_of_a), a.row(row_of_a) + a.cols(), b.row(row_of_b), b.row(row_of_b) + b.cols());
}

bool same(const ModelState& a, const ModelState& b) {
  for (std::size_t l = 0; l < a.layers.size(); ++l)
    if (!std::ranges::equal(a.layers[l].h.values(), b.layers[l].h.values()) ||
        !std::ranges::equal(a.layers[l].c.values(), b.layers[l].c.values()))
      return false;
  return true;
}

/// A step of lines of unequal length in four lanes, one of them empty; every weight and state is random.
struct LaneStep {
  Context context{2};
  ModelCase of;
  std::vector<Lane> lanes;
  LanesCache cache;
  ModelGradients gradients = make_gradients(of.parameters);
  std::vector<RoutingSums> sums;
  std::vector<double> losses;
  std::map<std::pair<std::size_t, std::size_t>, std::vector<float>> gradients_of;  // layer, lane

  explicit LaneStep(const Case& c) : of(c.model, kVocabulary, Sequence({9, 9, 8, 6, 6, 3}), 3) {
    of.options.part.rows = of.batch.rows();
    of.options.full_softmax = c.full_softmax;
    of.options.zero_state = 0.2;
    for (BatchPart& part : cut_lanes(of.batch, 3)) lanes.push_back({std::move(part), {}});
    lanes.insert(lanes.begin() + 1, Lane{{lanes[1].part.first, {}}, {}});
  }

  void run() {
    for (Lane& lane : lanes)
      if (!lane.empty()) lane.state = state_of(of.state, lane.part);
    of.options.part.sums = {};
    lanes_forward(context, of.config, of.parameters, lanes, of.options, cache);
    sums.clear();
    for (std::size_t i = 0; i < lanes.size(); ++i)
      if (!lanes[i].empty()) add_routing(cache.lanes[i], sums);
    of.options.part.sums = sums;
    losses = lanes_backward(context, of.config, of.parameters, lanes, of.options, cache, gradients,
                            [&](std::size_t l, std::size_t i) {
                              gradients_of[{l, i}] = numbers(of.parameters, gradients, l);
                            });
  }
};

/// The pass of one lane alone.
struct LaneAlone {
  ModelState state;
  ModelCache cache;
  ModelGradients gradients;
  Losses losses;

  LaneAlone(LaneStep& step, std::size_t i) : gradients(make_gradients(step.of.parameters)) {
    const BatchPart& part = step.lanes[i].part;
    PassOptions options = step.of.options;
    options.part.first_stream = part.first;
    state = state_of(step.of.state, part);
    std::vector<double> nll(static_cast<std::size_t>(part.batch.rows()));
    losses = model_gradients(step.context, step.of.config, step.of.parameters, part.batch, options, state, cache,
                             gradients, nll);
  }
};

}  // namespace

TEST_CASE("lanes that are passed together have the losses, states and gradients of each alone") {
  for (const Case& c : cases()) {
    LaneStep step(c);
    step.run();
    step.run();  // the second step finds the memory of the first
    for (std::size_t i = 0; i < step.lanes.size(); ++i) {
      INFO(c.name << ", lane " << i);
      if (step.lanes[i].empty()) {
        REQUIRE(step.losses[i] == 0);
        for (std::size_t l = 0; l < c.model.layers.size(); ++l)
          REQUIRE(std::ranges::all_of(step.gradients_of.at({l, i}), [](float number) { return number == 0; }));
        continue;
      }
      LaneAlone alone(step, i);
      REQUIRE(step.losses[i] == alone.losses.cross_entropy);
      REQUIRE(same(step.lanes[i].state, alone.state));
      for (std::size_t l = 0; l < c.model.layers.size(); ++l) {
        INFO("layer " << l);
        REQUIRE(step.gradients_of.at({l, i}) == numbers(step.of.parameters, alone.gradients, l));
      }
    }
  }
}

TEST_CASE("the experts see the rows of all lanes, in the order of the lanes") {
  constexpr std::size_t kMoe = 2;
  LaneStep step(cases().front());
  step.run();
  std::vector<std::unique_ptr<LaneAlone>> alone;
  for (std::size_t i = 0; i < step.lanes.size(); ++i)
    if (!step.lanes[i].empty()) alone.push_back(std::make_unique<LaneAlone>(step, i));
  const ExpertFactors& together = step.cache.experts[kMoe].experts.factors;
  for (std::size_t e = 0; e + 1 < together.offset.size(); ++e) {
    Index slot = together.offset[e];
    for (const auto& lane : alone) {
      const ExpertFactors& own = std::get<MoeLayerCache>(lane->cache.layers[kMoe]).moe.experts.factors;
      for (Index from = own.offset[e]; from < own.offset[e + 1]; ++from, ++slot) {
        REQUIRE(together.position[static_cast<std::size_t>(slot)] == own.position[static_cast<std::size_t>(from)]);
        for (std::size_t j = 0; j < own.input.size(); ++j) {
          REQUIRE(same_row(together.input[j], slot, own.input[j], from));
          REQUIRE(same_row(together.gradient[j], slot, own.gradient[j], from));
        }
      }
    }
    REQUIRE(slot == together.offset[e + 1]);
  }
}
