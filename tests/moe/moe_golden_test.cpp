// The MoE layer against golden values and gradients.
#include "moe/balance.hpp"
#include "moe/moe_layer.hpp"
#include "support/catch.hpp"
#include "support/close.hpp"
#include "support/golden.hpp"
#include "support/moe_case.hpp"
#include "support/random_matrix.hpp"

using namespace moelm;

namespace {

std::vector<ExpertParameters> golden_experts(const Json& experts) {
  std::vector<ExpertParameters> out;
  for (const Json& expert : experts) {
    out.emplace_back();
    for (const Json& weight : expert) out.back().weight.push_back(golden_matrix(weight));
  }
  return out;
}

struct Layer {
  Json g;
  MoeConfig config;
  MoeParameters p;
  Matrix x, dy;

  explicit Layer(const std::string& name)
      : g(golden(name)), x(golden_matrix(g.at("x"))), dy(golden_matrix(g.at("upstream"))) {
    p.experts = golden_experts(g.at("experts"));
    config.experts = static_cast<Index>(p.experts.size());
    config.k = g.at("k").get<Index>();
    config.noise_epsilon = 0;
    config.hidden.clear();
    for (std::size_t j = 0; j + 1 < p.experts[0].weight.size(); ++j)
      config.hidden.push_back(p.experts[0].weight[j].rows());
    if (config.has_gate()) p.gates.primary = {golden_matrix(g.at("w_gate")), golden_matrix(g.at("w_noise")), {}, {}};
  }
};

void require_golden_layer(const std::string& name, int threads) {
  const Layer layer(name);
  const Json& g = layer.g;
  Context context(threads);
  MoeCache cache;
  const Matrix draws = layer.config.has_gate() ? golden_matrix(g.at("eps")) : Matrix();
  Matrix y = random_matrix(layer.x.rows(), layer.x.cols(), 1), dx = random_matrix(layer.x.rows(), layer.x.cols(), 2);
  moe_forward(context, layer.config, layer.p, layer.x, {true, given_draws(draws)}, cache, y);
  REQUIRE(mismatch("y", y.values(), golden_values(g.at("y"))) == "");
  REQUIRE(mismatch("counts", cache.routing.sums.tokens, golden_values(g.at("counts"))) == "");
  REQUIRE(mismatch("importance", cache.routing.sums.importance, golden_values(g.at("importance"))) == "");
  REQUIRE(mismatch("load", cache.routing.sums.load, golden_values(g.at("load"))) == "");

  const BalanceLosses balance = balance_losses(layer.config, cache.routing.sums);
  double loss = balance.importance + balance.load;
  for (std::size_t i = 0; i < y.values().size(); ++i) loss += double{y.values()[i]} * double{layer.dy.values()[i]};
  REQUIRE(loss == Approx(g.at("loss").get<double>()).epsilon(1e-5));

  const Json& dg = g.at("grad");
  GatesParameters gates = zero_gates(layer.p.gates);
  moe_backward(context, layer.config, layer.p, layer.x, layer.dy, cache.routing.sums, cache, gates, dx);
  REQUIRE(mismatch("dx", dx.values(), golden_values(dg.at("x"))) == "");
  if (layer.config.has_gate()) {
    REQUIRE(mismatch("dw_gate", gates.primary.weight.values(), golden_values(dg.at("w_gate"))) == "");
    REQUIRE(mismatch("dw_noise", gates.primary.noise.values(), golden_values(dg.at("w_noise"))) == "");
  }
  for (std::size_t e = 0; e < layer.p.experts.size(); ++e)
    for (std::size_t j = 0; j < layer.p.experts[e].weight.size(); ++j) {
      Matrix dw = layer.p.experts[e].weight[j].clone();  // overwritten
      form_expert_gradient(context, layer.p.experts, cache.experts, e, j, dw);
      CAPTURE(e, j);
      REQUIRE(mismatch("dw", dw.values(), golden_values(dg.at("experts")[e][j])) == "");
    }
}

}  // namespace

TEST_CASE("golden: MoE layer, values, losses and all gradients") {
  require_golden_layer("moe_flat", 1);
  require_golden_layer("moe_flat", 3);
}

TEST_CASE("golden: one deep expert without a gate") {
  require_golden_layer("moe_deep", 1);
  require_golden_layer("moe_deep", 2);
}
