// How often a training reads its weights, and what is said where experts cannot pay.
#include "model/exposure.hpp"

#include "model/size.hpp"
#include "options/presets.hpp"
#include "run/resolve_config.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"

using namespace moelm;

namespace {

ModelConfig model_of(const std::string& preset, const std::vector<std::string>& assignments = {}) {
  ConfigOptions options;
  options.preset = preset;
  options.assignments = assignments;
  return resolve_config(options, nullptr, {}).config.model;
}

/// The assignments of "--set A --set B".
std::vector<std::string> assignments_of(const std::string& text) {
  std::vector<std::string> found;
  for (std::size_t at = text.find("--set "); at != std::string::npos; at = text.find("--set ", at + 1))
    found.push_back(text.substr(at + 6, text.find(' ', at + 6) - at - 6));
  return found;
}

}  // namespace

TEST_CASE("the four ratios of trainings on the Bible, on Wikipedia, and of the paper") {
  const Exposure bible = exposure(model_of("small"), {4 * 848370.0, 848370, 8842});
  REQUIRE(bible.per_active_weight == Approx(1.6).margin(0.05));
  REQUIRE(*bible.per_expert_weight == Approx(3.2).margin(0.05));
  REQUIRE(*bible.per_row == Approx(96).margin(0.5));
  REQUIRE(*bible.passes == Approx(4));
  const Exposure wiki = exposure(model_of("small"), {6 * 2088628.0, 2088628, 33278});
  REQUIRE(exposure_line(wiki) ==
          "tokens per active weight 6.0, visits per expert weight 12, occurrences per table row 63, passes 6.0");
  // 829 million words, ten times.
  const Reading paper{8.29e9, 829000000, 793471};
  REQUIRE(exposure(model_of("moe-32"), paper).per_active_weight == Approx(988).epsilon(0.005));
  REQUIRE(*exposure(model_of("moe-32"), paper).per_expert_weight == Approx(988).epsilon(0.005));
  REQUIRE(*exposure(model_of("moe-256"), paper).per_expert_weight == Approx(124).epsilon(0.01));
  REQUIRE(*exposure(model_of("moe-256-h"), paper).per_expert_weight == Approx(124).epsilon(0.01));
  REQUIRE(*exposure(model_of("moe-4096-h"), paper).per_expert_weight == Approx(8).epsilon(0.05));
}

TEST_CASE("the expert weights that are visited least count, and what is not known is left out") {
  ModelConfig model = model_of("small");
  MoeConfig second = std::get<MoeConfig>(model.layers[2]);
  second.experts = 32;
  model.layers.insert(model.layers.begin() + 3, second);
  const Exposure e = exposure(model, {3e6, 0, 0});
  REQUIRE(*e.per_expert_weight == Approx(3e6 * 4 / 32 / (2 * 256 * 512)));
  REQUIRE_FALSE(e.per_row);
  REQUIRE_FALSE(e.passes);
  REQUIRE(exposure_line(e).find("passes") == std::string::npos);
  REQUIRE_FALSE(exposure(model_of("4xlstm-512"), {1e6, 0, 0}).per_expert_weight);
}

TEST_CASE("one note says where experts are unlikely to pay, and what would help") {
  const ModelConfig small = model_of("small");
  const std::string bible = exposure_advice(small, exposure(small, {12 * 848370.0, 848370, 8842}));
  REQUIRE(holds(bible, "unlikely to pay"));
  REQUIRE(holds(bible, "below 10 tokens per active weight"));
  REQUIRE(holds(bible, "more than 8 passes"));
  REQUIRE_FALSE(holds(bible, "visits per expert weight"));
  REQUIRE(holds(bible, "--set model.width=176"));
  REQUIRE(holds(bible, "more text"));
  REQUIRE(holds(bible, "--set moe.experts=1 --set moe.k=1 --set moe.hidden=[2048]"));
  const ModelConfig narrow = model_of("small", {"model.width=176"});
  REQUIRE(exposure(narrow, {12 * 848370.0, 848370, 8842}).per_active_weight > kMinPerActiveWeight);
  REQUIRE(holds(exposure_advice(small, exposure(small, {1e5, 100000, 8842})), "below 3 visits per expert weight"));
  REQUIRE(exposure_advice(small, exposure(small, {30e6, 15000000, 8842})).empty());
  const ModelConfig dense = model_of("4xlstm-512");
  REQUIRE(exposure_advice(dense, exposure(dense, {1e5, 100000, 8842})).empty());
}

TEST_CASE("the dense model that is named has the same multiply-adds but for the gate, and no gate") {
  const std::vector<std::pair<std::string, std::vector<std::string>>> models = {
      {"tiny", {}},
      {"small", {}},
      {"base", {"moe.gate=softmax"}},
      {"large", {}},
      {"moe-256-h", {}},
      {"moe-34m", {}},
      {"small", {"moe.gate=balanced"}},
      {"small", {"moe.gate=top-k", "moe.bias_rate=0.01"}}};
  for (const auto& [preset, assignments] : models) {
    CAPTURE(preset);
    const ModelConfig model = model_of(preset, assignments);
    std::vector<std::string> all = assignments;
    for (const std::string& one : assignments_of(dense_options(model))) all.push_back(one);
    REQUIRE(all.size() >= 3);
    const ModelConfig dense = model_of(preset, all);
    const auto& moe = std::get<MoeConfig>(model.layers[2]);
    const auto& twin = std::get<MoeConfig>(dense.layers[2]);
    REQUIRE_FALSE(twin.has_gate());
    const Index width = input_widths(model)[2];
    REQUIRE(expert_weights(twin, width) == moe.experts_per_token() * expert_weights(moe, width));
    REQUIRE(dense_options(dense).empty());
  }
}
