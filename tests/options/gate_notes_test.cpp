// Notes about gates that cannot learn and weights without effect.
#include "options/gate_notes.hpp"

#include "support/catch.hpp"

using namespace moelm;

namespace {

using Assignments = std::vector<std::string>;

ModelConfig model_of(const MoeConfig& moe) { return {{EmbeddingConfig{8}, moe, SoftmaxConfig{}}, 0.1}; }

std::vector<std::string> notes(const MoeConfig& moe, const Assignments& assignments = {}) {
  return gate_notes(model_of(moe), assignments);
}

MoeConfig eight(GateKind gate, Index k) {
  MoeConfig moe;
  moe.gate = gate;
  moe.experts = 8;
  moe.k = k;
  return moe;
}

bool holds(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("a gate with k 1 that no balance loss reaches never learns") {
  MoeConfig moe = eight(GateKind::noisy_top_k, 1);
  REQUIRE(notes(moe).empty());  // the load loss reaches it
  moe.w_load = 0;
  REQUIRE(notes(moe).size() == 1);  // the importance loss does not
  REQUIRE(holds(notes(moe)[0], "model.layers.1: the gate gets no gradient"));
  REQUIRE(holds(notes(moe)[0], "moe.w_load=0.1"));
  moe.k = 2;
  REQUIRE(notes(moe).empty());
  moe = eight(GateKind::top_k, 1);
  REQUIRE(holds(notes(moe)[0], "moe.w_switch=0.01"));
  moe.w_switch = 0.01;
  REQUIRE(notes(moe).empty());
  moe.w_switch = 0;
  moe.bias_rate = 0.001;
  REQUIRE(notes(moe).empty());
  REQUIRE(notes(eight(GateKind::softmax, 1)).empty());
  REQUIRE(notes(eight(GateKind::balanced, 1)).empty());
  MoeConfig levels = eight(GateKind::top_k, 1);
  levels.groups = 2;
  levels.k_groups = 1;
  REQUIRE(notes(levels).size() == 1);
  levels.k_groups = 2;
  REQUIRE(notes(levels).empty());
}

TEST_CASE("noise where all experts are chosen is named") {
  REQUIRE(holds(notes(eight(GateKind::noisy_top_k, 8)).at(0), "moe.gate=softmax"));
  REQUIRE(notes(eight(GateKind::noisy_top_k, 7)).empty());
  REQUIRE(notes(eight(GateKind::top_k, 8)).empty());
  MoeConfig levels = eight(GateKind::noisy_top_k, 2);
  levels.groups = 2;
  levels.k_groups = 1;
  REQUIRE(notes(levels).empty());
  levels.k_groups = 2;
  REQUIRE(holds(notes(levels).at(0), "all experts are chosen"));
}

TEST_CASE("a balance weight that was typed and that the gate ignores is named with the reason") {
  const Assignments typed = {"moe.w_load=0.1", "model.layers.1.w_importance=0.5"};
  REQUIRE(notes(eight(GateKind::noisy_top_k, 2), typed).empty());
  REQUIRE(notes(eight(GateKind::top_k, 2), typed) ==
          Assignments{"model.layers.1.w_load has no effect: the load of gate top-k is a count without a gradient"});
  REQUIRE(notes(eight(GateKind::top_k, 2)).empty());
  REQUIRE(holds(notes(eight(GateKind::noisy_top_k, 8), typed)[1], "where all experts are chosen"));
  REQUIRE(holds(notes(eight(GateKind::noisy_top_k, 1), typed)[0], "w_importance has no effect: with k 1"));
  MoeConfig one = eight(GateKind::noisy_top_k, 1);
  one.experts = 1;
  REQUIRE(notes(one, typed).size() == 2);
  REQUIRE(holds(notes(one, typed)[0], "one expert and no gate"));
}
