// Noisy top-k gating against golden files and the worked example, and what happens without noise.
#include "moe/gate.hpp"

#include <algorithm>

#include "moe/balance.hpp"
#include "support/catch.hpp"
#include "support/close.hpp"
#include "support/golden.hpp"
#include "support/moe_case.hpp"
#include "support/random_matrix.hpp"

using namespace moelm;

namespace {

Matrix matrix_of(std::initializer_list<std::initializer_list<float>> rows) {
  Matrix m(static_cast<Index>(rows.size()), static_cast<Index>(rows.begin()->size()));
  Index i = 0;
  for (const auto& row : rows) std::copy(row.begin(), row.end(), m.row(i++));
  return m;
}

Matrix transposed(const Matrix& m) {
  Matrix t(m.cols(), m.rows());
  for (Index i = 0; i < m.rows(); ++i)
    for (Index j = 0; j < m.cols(); ++j) t(j, i) = m(i, j);
  return t;
}

Matrix identity(Index n) {
  Matrix m(n, n);
  for (Index i = 0; i < n; ++i) m(i, i) = 1;
  return m;
}

RoutingGradient gradient_of_losses(const Routing& r, const Matrix& upstream, double w_importance, double w_load) {
  RoutingGradient g;
  for (Index n = 0; n < r.rows; ++n)
    for (const std::int32_t e : r.experts_of(n)) g.gate.push_back(upstream(n, e));
  g.importance = cv_squared_gradient(r.sums.importance, w_importance);
  g.load = cv_squared_gradient(r.sums.load, w_load);
  return g;
}

/// P(x, i) of every row: the load of that row alone.
Matrix probabilities(Context& context, const GateConfig& config, const GateParameters& p, const Matrix& x,
                     const Matrix& draws) {
  Matrix probability(x.rows(), config.experts);
  for (Index n = 0; n < x.rows(); ++n) {
    GateCache cache;
    Routing routing;
    gate_forward(context, config, p, x.view().row_range(n, n + 1), {true, given_draws(draws, n)}, cache, routing);
    for (Index i = 0; i < config.experts; ++i)
      probability(n, i) = static_cast<float>(routing.sums.load[static_cast<std::size_t>(i)]);
  }
  return probability;
}

void require_golden_gate(const std::string& name) {
  CAPTURE(name);
  const Json g = golden(name);
  const Matrix x = golden_matrix(g.at("x")), upstream = golden_matrix(g.at("upstream"));
  const GateParameters p{golden_matrix(g.at("w_gate")), golden_matrix(g.at("w_noise")), {}, {}};
  GateConfig config;
  config.experts = p.weight.rows();
  config.k = g.at("k").get<Index>();
  config.noise_epsilon = 0;

  Context context(2);
  GateCache cache;
  Routing routing;
  const Matrix draws = golden_matrix(g.at("eps"));
  gate_forward(context, config, p, x, {true, given_draws(draws)}, cache, routing);
  const Matrix gates = dense_gates(routing);
  REQUIRE(mismatch("gates", gates.values(), golden_values(g.at("gates"))) == "");
  REQUIRE(mismatch("importance", routing.sums.importance, golden_values(g.at("importance"))) == "");
  REQUIRE(mismatch("load", routing.sums.load, golden_values(g.at("load"))) == "");
  const double cv2_importance = cv_squared(routing.sums.importance);
  const double cv2_load = config.smooth_load() ? cv_squared(routing.sums.load) : 0.0;
  REQUIRE(cv2_importance == Approx(g.at("cv2_importance").get<double>()).epsilon(1e-5).margin(1e-12));
  REQUIRE(cv2_load == Approx(g.at("cv2_load").get<double>()).epsilon(1e-5));
  if (config.smooth_load()) {
    const Matrix probability = probabilities(context, config, p, x, draws);
    REQUIRE(mismatch("P", probability.values(), golden_values(g.at("prob"))) == "");
  }

  const RoutingGradient gradient = gradient_of_losses(routing, upstream, 0.1, 0.1);
  GateParameters gradients{Matrix(config.experts, x.cols()), Matrix(config.experts, x.cols()), {}, {}};
  Matrix dx(x.rows(), x.cols());
  gate_backward(context, config, p, x, routing, gradient, cache, gradients, dx);
  REQUIRE(mismatch("dx", dx.values(), golden_values(g.at("grad").at("x"))) == "");
  REQUIRE(mismatch("dw_gate", gradients.weight.values(), golden_values(g.at("grad").at("w_gate"))) == "");
  REQUIRE(mismatch("dw_noise", gradients.noise.values(), golden_values(g.at("grad").at("w_noise"))) == "");
}

/// The worked example: clean logits c, noise logits r and draws z are given, so x is the identity.
struct Example {
  Matrix x = identity(3);
  GateParameters p{
      transposed(matrix_of(
          {{0.5f, -0.2f, 0.1f, 0.9f, -0.4f}, {-0.3f, 0.7f, 0.2f, -0.1f, 0.0f}, {0.0f, 0.4f, -0.6f, 0.3f, 0.8f}})),
      transposed(matrix_of(
          {{0.0f, 0.5f, -0.5f, 0.2f, -1.0f}, {0.3f, -0.2f, 0.0f, 0.1f, 0.4f}, {-0.7f, 0.6f, 0.2f, 0.0f, -0.3f}})),
      {},
      {}};
  Matrix z =
      matrix_of({{0.4f, 1.2f, -0.7f, -0.3f, 0.8f}, {1.5f, -0.6f, 0.2f, 0.9f, -1.1f}, {-0.5f, 0.3f, 1.8f, -0.2f, 0.1f}});
  GateConfig config;
  Example(double noise_epsilon) {
    config.experts = 5;
    config.k = 2;
    config.noise_epsilon = noise_epsilon;
  }
};

}  // namespace

TEST_CASE("golden: noisy top-k gating, values and gradients, k = 1 and k = E included") {
  for (const char* name : {"gating_8_2", "gating_16_4", "gating_top1", "gating_all"}) require_golden_gate(name);
}

TEST_CASE("the worked example of three tokens and five experts") {
  Context context(1);
  const Example e(0);
  GateCache cache;
  Routing routing;
  gate_forward(context, e.config, e.p, e.x, {true, given_draws(e.z)}, cache, routing);
  const auto require_near = [](const char* name, std::span<const float> actual, const Matrix& expected, double margin) {
    CAPTURE(name);
    for (std::size_t i = 0; i < actual.size(); ++i)
      REQUIRE(actual[i] == Approx(expected.values()[i]).margin(margin).epsilon(0));
  };
  require_near("H", cache.noisy_logits.values(),
               matrix_of({{0.777259f, 0.968892f, -0.231854f, 0.660558f, -0.149391f},
                          {0.981533f, 0.341117f, 0.338629f, 0.569957f, -1.004317f},
                          {-0.201593f, 0.711246f, 0.83665f, 0.161371f, 0.855436f}}),
               1e-6);
  const Matrix gates = dense_gates(routing);
  require_near(
      "G", gates.values(),
      matrix_of({{0.452238f, 0.547762f, 0, 0, 0}, {0.601466f, 0, 0, 0.398534f, 0}, {0, 0, 0.495304f, 0, 0.504696f}}),
      1e-6);
  const Matrix probability = probabilities(context, e.config, e.p, e.x, e.z);
  require_near("P", probability.values(),
               matrix_of({{0.408410f, 0.188494f, 0.076562f, 0.561110f, 0.000086f},
                          {0.226504f, 0.586057f, 0.296762f, 0.276730f, 0.266229f},
                          {0.018989f, 0.336924f, 0.050204f, 0.219400f, 0.563600f}}),
               1e-6);
  REQUIRE(routing.sums.tokens == std::vector<Index>{2, 1, 1, 1, 1});
  REQUIRE(cv_squared(routing.sums.importance) == Approx(0.149560038).epsilon(1e-6));
  REQUIRE(cv_squared(routing.sums.load) == Approx(0.098109088).epsilon(1e-6));

  GateParameters gradients{Matrix(5, 3), Matrix(5, 3), {}, {}};
  Matrix dx(3, 3);
  const RoutingGradient gradient = gradient_of_losses(routing, Matrix(3, 5), 0.1, 0.1);
  gate_backward(context, e.config, e.p, e.x, routing, gradient, cache, gradients, dx);
  require_near("dL/dc", cache.dclean_logits.values(),
               matrix_of({{0.00958544f, -0.01031679f, -0.00861087f, 0.00934650f, -0.00000429f},
                          {0.01233228f, 0.00921171f, -0.01417021f, -0.00596095f, -0.00141283f},
                          {-0.00166886f, 0.01105331f, -0.01101377f, 0.00415992f, -0.00253061f}}),
               2e-8);
  require_near("dL/dr", cache.dnoise_logits.values(),
               matrix_of({{0.00260211f, -0.00841721f, -0.00464426f, -0.00115437f, -0.00000434f},
                          {0.01282981f, -0.00102762f, -0.00378157f, -0.00352420f, -0.00052803f},
                          {-0.00114908f, 0.00249854f, -0.01058239f, 0.00161035f, 0.00020129f}}),
               2e-8);
}

TEST_CASE("the worked example with 0.01 added to the deviation of the noise") {
  Context context(1);
  const Example e(0.01);
  GateCache cache;
  Routing routing;
  gate_forward(context, e.config, e.p, e.x, {true, given_draws(e.z)}, cache, routing);
  REQUIRE(cv_squared(routing.sums.importance) == Approx(0.149471964).epsilon(1e-6));
  REQUIRE(cv_squared(routing.sums.load) == Approx(0.095024325).epsilon(1e-6));
}

TEST_CASE("without draws the clean logits choose, ties go to the lower expert, and load stays smooth") {
  Context context(1);
  GateConfig config;
  config.experts = 6;
  config.k = 2;
  const GateParameters zero{Matrix(6, 4), Matrix(6, 4), {}, {}};
  GateCache cache;
  Routing routing;
  gate_forward(context, config, zero, random_matrix(3, 4, 1), {true, nullptr}, cache, routing);
  REQUIRE(routing.expert == std::vector<std::int32_t>{0, 1, 0, 1, 0, 1});
  REQUIRE(routing.gate == std::vector<float>(6, 0.5f));
  REQUIRE(routing.sums.tokens == std::vector<Index>{3, 3, 0, 0, 0, 0});
  // All logits are equal, so the threshold of every expert is its own logit: P = 1/2.
  for (const double load : routing.sums.load) REQUIRE(load == Approx(1.5));
}

TEST_CASE("a chosen gate may underflow to zero and its expert stays chosen") {
  Context context(1);
  GateConfig config;
  config.kind = GateKind::top_k;
  config.experts = 3;
  config.k = 2;
  GateParameters p;
  p.weight = matrix_of({{0}, {500}, {-500}});
  GateCache cache;
  Routing routing;
  gate_forward(context, config, p, matrix_of({{1}}), {}, cache, routing);
  REQUIRE(routing.expert == std::vector<std::int32_t>{1, 0});
  REQUIRE(routing.gate == std::vector<float>{1, 0});
  REQUIRE(routing.sums.tokens == std::vector<Index>{1, 1, 0});
}

TEST_CASE("sigmoid gates are those of the k largest logits, and a bias decides the choice alone") {
  Context context(1);
  GateConfig config;
  config.kind = GateKind::sigmoid;
  config.experts = 3;
  config.k = 2;
  GateParameters p;
  p.weight = matrix_of({{1}, {-2}, {0.5f}});
  GateCache cache;
  Routing routing;
  gate_forward(context, config, p, matrix_of({{2}, {-1}}), {}, cache, routing);
  REQUIRE(routing.expert == std::vector<std::int32_t>{0, 2, 1, 2});
  const double expected[] = {2, 1, 2, -0.5};
  for (std::size_t i = 0; i < 4; ++i)
    REQUIRE(static_cast<double>(routing.gate[i]) == Approx(1 / (1 + std::exp(-expected[i]))).epsilon(1e-6));
  REQUIRE(routing.sums.load == std::vector<double>{1, 1, 2});
  p.bias = matrix_of({{0, 9, 0}});
  gate_forward(context, config, p, matrix_of({{2}}), {}, cache, routing);
  REQUIRE(routing.expert == std::vector<std::int32_t>{1, 0});
  REQUIRE(static_cast<double>(routing.gate[0]) == Approx(1 / (1 + std::exp(4.0))).epsilon(1e-6));
}

TEST_CASE("the noise's share in the choice is counted") {
  Context context(1);
  GateConfig config;
  config.experts = 3;
  config.k = 1;
  GateParameters p;
  p.weight = matrix_of({{3}, {2}, {1}});
  p.noise = matrix_of({{0}, {0}, {0}});
  GateCache cache;
  Routing routing;
  // Row 0 keeps its choice, expert 0; the noise of row 1 lifts expert 2 over it.
  const auto noise = [](Index row, Index first, Index count, float* out) {
    for (Index i = 0; i < count; ++i) out[i] = row == 1 && first + i == 2 ? 100.0f : 0.0f;
  };
  gate_forward(context, config, p, matrix_of({{1}, {1}}), {true, noise}, cache, routing);
  REQUIRE(routing.expert == std::vector<std::int32_t>{0, 2});
  REQUIRE(routing.sums.noisy_pairs == 2);
  REQUIRE(routing.sums.clean_pairs == 1);
  gate_forward(context, config, p, matrix_of({{1}, {1}}), {}, cache, routing);
  REQUIRE(routing.sums.noisy_pairs == 0);
}
