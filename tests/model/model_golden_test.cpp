// The whole model against golden values and the gradient of every parameter, and so is the reference model.
#include <map>

#include "support/catch.hpp"
#include "support/close.hpp"
#include "support/golden.hpp"
#include "support/model_case.hpp"
#include "support/reference_model.hpp"

using namespace moelm;

namespace {

/// Tensors of the golden file by the names of files.
std::map<std::string, Json> by_name(const Json& tensors) {
  std::map<std::string, Json> named = {{"layers.0.weight", tensors.at("embedding")},
                                       {"layers.2.gate.weight", tensors.at("gate")},
                                       {"layers.2.noise.weight", tensors.at("noise")},
                                       {"layers.4.weight", tensors.at("softmax")},
                                       {"layers.4.bias", tensors.at("softmax_bias")}};
  for (const int layer : {1, 3}) {
    const Json& lstm = tensors.at(layer == 1 ? "lstm1" : "lstm2");
    const std::string prefix = "layers." + std::to_string(layer);
    named[prefix + ".weight_ih"] = lstm[0];
    named[prefix + ".weight_hh"] = lstm[1];
    named[prefix + ".bias"] = lstm[2];
  }
  const Json& experts = tensors.at("experts");
  for (std::size_t e = 0; e < experts.size(); ++e)
    for (std::size_t j = 0; j < experts[e].size(); ++j)
      named["layers.2.experts." + std::to_string(e) + ".weight_" + std::to_string(j)] = experts[e][j];
  return named;
}

/// The golden model: 11 tokens, width 6, 4 experts of 5 units, k = 2, 3 streams of 4 steps, from the zero state.
ModelCase golden_case(const Json& g) {
  MoeConfig moe = moe_config(4, g.at("k").get<Index>(), {5});
  moe.w_importance = moe.w_load = 0.1;
  moe.noise_epsilon = 0;
  ModelCase c(model_config(6, {LstmConfig{6, 0}, moe, LstmConfig{6, 0}}, 0), 11, Sequence(3, 4), 1);
  const std::map<std::string, Json> tensors = by_name(g.at("params"));
  for (const NamedTensor& t : named_tensors(c.parameters)) *t.values = golden_matrix(tensors.at(t.name));
  c.batch.inputs = golden_tokens(g.at("tokens"));
  c.batch.targets = golden_tokens(g.at("targets"));
  c.state.reset(c.parameters, 3);
  return c;
}

}  // namespace

TEST_CASE("golden: the language model, nll of each token and the gradient of every parameter") {
  const Json g = golden("language_model");
  ModelCase c = golden_case(g);
  std::vector<Matrix> draws(c.config.layers.size());
  draws[2] = golden_matrix(g.at("eps"));
  c.options.gate_draws = draws;
  for (const int threads : {1, 2}) {
    Context context(threads);
    ModelOutcome out = run_gradients(context, c);
    REQUIRE(mismatch("nll", out.nll, golden_values(g.at("nll"))) == "");
    REQUIRE(out.losses.cross_entropy == Approx(g.at("cross_entropy").get<double>()).epsilon(1e-6));
    REQUIRE(out.losses.total() == Approx(g.at("loss").get<double>()).epsilon(1e-6));
    const std::map<std::string, Json> expected = by_name(g.at("grad"));
    const std::vector<NamedTensor> actual = named_tensors(out.gradients);
    REQUIRE(actual.size() == expected.size());
    for (const NamedTensor& t : actual)
      REQUIRE(mismatch(t.name, t.values->values(), golden_values(expected.at(t.name))) == "");
  }
}

TEST_CASE("golden: the reference model of the gradient check") {
  const Json g = golden("language_model");
  ModelCase c = golden_case(g);
  std::vector<Matrix> draws(c.config.layers.size());
  draws[2] = golden_matrix(g.at("eps"));
  const ReferenceModel model(c.config, c.parameters);
  ReferenceDecisions decisions;
  Row nll;
  // The difference is that of weights rounded to single precision.
  REQUIRE(model.loss({c.batch, c.state, {}, draws}, decisions, nll) ==
          Approx(g.at("loss").get<double>()).epsilon(1e-7));
  REQUIRE(mismatch("nll", nll, golden_values(g.at("nll")), 1e-6) == "");
}
