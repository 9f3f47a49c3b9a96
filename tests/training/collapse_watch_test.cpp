// Warnings about experts without tokens and about overload: when they come, how often, and with what advice.
#include "training/collapse_watch.hpp"

#include "support/catch.hpp"

using namespace moelm;

namespace {

ModelConfig one_layer(Index experts) {
  MoeConfig moe;
  moe.experts = experts;
  moe.k = 1;
  ModelConfig model;
  model.layers = {EmbeddingConfig{8}, moe, SoftmaxConfig{}};
  return model;
}

/// A step with the given number of tokens for each expert.
std::vector<RoutingSums> step(const std::vector<Index>& tokens) {
  std::vector<RoutingSums> layers(3);
  layers[1].reset(static_cast<Index>(tokens.size()));
  for (std::size_t e = 0; e < tokens.size(); ++e) {
    layers[1].rows += tokens[e];
    layers[1].tokens[e] = tokens[e];
    layers[1].load[e] = static_cast<double>(tokens[e]);
  }
  return layers;
}

std::vector<std::string> window(CollapseWatch& watch, const std::vector<Index>& tokens) {
  std::vector<std::string> warnings;
  for (Index i = 0; i < CollapseWatch::kSteps; ++i)
    for (const std::string& text : watch.add(step(tokens))) warnings.push_back(text);
  return warnings;
}

}  // namespace

TEST_CASE("balanced experts raise no warning") {
  const ModelConfig model = one_layer(4);
  CollapseWatch watch(model, 4);
  REQUIRE(window(watch, {3, 5, 4, 4}).empty());
}

TEST_CASE("a dead expert is named once with the keys that help, and again after it recovered") {
  const ModelConfig model = one_layer(4);
  CollapseWatch watch(model, 4);
  const auto first = window(watch, {4, 0, 6, 4});
  REQUIRE(first.size() == 1);
  REQUIRE(first[0].find("model.layers.1: in 100 steps 1 of 4 experts had no token; raise moe.w_importance (now 0.1)") ==
          0);
  REQUIRE(window(watch, {4, 0, 6, 4}).empty());
  REQUIRE(window(watch, {4, 1, 6, 4}).empty());
  REQUIRE(window(watch, {4, 0, 6, 4}).size() == 1);
}

TEST_CASE("overload is reported above the given threshold") {
  const ModelConfig model = one_layer(8);
  const std::vector<Index> tokens = {50, 2, 2, 2, 2, 2, 2, 2};  // 50 of 64: 6.25 times the mean of 8
  CollapseWatch strict(model, 6), loose(model, 7), never(model, 0);
  REQUIRE(window(strict, tokens).at(0).find("the maximum load was 6.3 times the mean") != std::string::npos);
  REQUIRE(window(loose, tokens).empty());
  REQUIRE(window(never, tokens).empty());
}

TEST_CASE("too few tokens give no warning") {
  const ModelConfig model = one_layer(4);
  CollapseWatch watch(model, 4);
  std::vector<std::string> warnings;
  for (Index i = 0; i < CollapseWatch::kSteps; ++i)
    for (const std::string& text : watch.add(step({i < 50 ? 1 : 0, 0, 0, 0}))) warnings.push_back(text);
  REQUIRE(warnings.empty());
}
