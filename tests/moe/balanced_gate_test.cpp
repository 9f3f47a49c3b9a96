// Strictly balanced gating (appendix F) against golden values, and its behaviour at the edges.
#include "moe/balanced_gate.hpp"

#include <algorithm>

#include "support/catch.hpp"
#include "support/close.hpp"
#include "support/golden.hpp"
#include "support/moe_case.hpp"
#include "support/random_matrix.hpp"

using namespace moelm;

namespace {

GateConfig balanced(Index experts, Index k) { return {GateKind::balanced, experts, k, 0}; }

}  // namespace

TEST_CASE("golden: balanced gates of a batch and by thresholds, the threshold loss, all gradients") {
  const Json g = golden("balanced");
  const Matrix x = golden_matrix(g.at("x")), upstream = golden_matrix(g.at("upstream"));
  GateParameters p;
  p.weight = golden_matrix(g.at("w_gate"));
  const std::vector<double> thresholds = golden_values(g.at("thresholds"));
  p.thresholds = Matrix(1, p.weight.rows());
  std::copy(thresholds.begin(), thresholds.end(), p.thresholds.data());
  const GateConfig config = balanced(p.weight.rows(), g.at("k").get<Index>());
  REQUIRE(rows_of_an_expert(config, x.rows()) == g.at("m").get<Index>());

  Context context(2);
  GateCache cache;
  Routing routing;
  gate_forward(context, config, p, x, {}, cache, routing);
  REQUIRE(mismatch("inference gates", dense_gates(routing).values(), golden_values(g.at("inference_gates"))) == "");
  gate_forward(context, config, p, x, {true, nullptr}, cache, routing);
  REQUIRE(mismatch("gates", dense_gates(routing).values(), golden_values(g.at("gates"))) == "");
  REQUIRE(routing.sums.threshold_loss == Approx(g.at("threshold_loss").get<double>()).epsilon(1e-5));

  RoutingGradient gradient;
  gradient.importance.assign(static_cast<std::size_t>(config.experts), 0.0);
  for (Index n = 0; n < x.rows(); ++n)
    for (const std::int32_t e : routing.experts_of(n)) gradient.gate.push_back(upstream(n, e));
  GateParameters gradients = zero_gate(p);
  Matrix dx(x.rows(), x.cols());
  gate_backward(context, config, p, x, routing, gradient, cache, gradients, dx);
  const Json& expected = g.at("grad");
  REQUIRE(mismatch("dx", dx.values(), golden_values(expected.at("x"))) == "");
  REQUIRE(mismatch("dw_gate", gradients.weight.values(), golden_values(expected.at("w_gate"))) == "");
  REQUIRE(mismatch("dthresholds", gradients.thresholds.values(), golden_values(expected.at("thresholds"))) == "");
}

TEST_CASE("in training every expert has the same number of rows, whatever the gate prefers") {
  Context context(2);
  GateParameters p;
  p.weight = random_matrix(6, 8, 1);
  for (Index i = 0; i < 8; ++i) p.weight(2, i) *= 20;  // would draw most of the rows
  p.thresholds = Matrix(1, 6);
  GateCache cache;
  Routing routing;
  gate_forward(context, balanced(6, 2), p, random_matrix(90, 8, 2), {true, nullptr}, cache, routing);
  REQUIRE(routing.sums.tokens == std::vector<Index>(6, 30));
  bool none = false;
  for (Index n = 0; n < 90; ++n) none = none || routing.experts_of(n).empty();
  REQUIRE(none);  // some row is nobody's favourite
}

TEST_CASE("equal scores go to the lower rows; thresholds above all scores send a row nowhere") {
  Context context(1);
  GateParameters p;
  p.weight = Matrix(4, 3);
  p.thresholds = Matrix(1, 4);
  GateCache cache;
  Routing routing;
  const Matrix x = random_matrix(8, 3, 1);
  gate_forward(context, balanced(4, 1), p, x, {true, nullptr}, cache, routing);
  REQUIRE(routing.experts_of(0).size() == 4);
  REQUIRE(routing.experts_of(1).size() == 4);
  REQUIRE(routing.experts_of(2).empty());
  for (float& t : p.thresholds.values()) t = 0.5f;
  gate_forward(context, balanced(4, 1), p, x, {}, cache, routing);
  REQUIRE(routing.pairs() == 0);
  REQUIRE(routing.sums.tokens == std::vector<Index>(4, 0));
}

TEST_CASE("rows of an expert: k N / E rounded down, never none") {
  REQUIRE(rows_of_an_expert(balanced(6, 2), 12) == 4);
  REQUIRE(rows_of_an_expert(balanced(6, 2), 13) == 4);
  REQUIRE(rows_of_an_expert(balanced(64, 2), 3) == 1);
}
