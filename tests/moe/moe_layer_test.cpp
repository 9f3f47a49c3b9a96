// The MoE layer against plain loops over tokens and experts, and its behaviour at the edges.
#include "moe/moe_layer.hpp"

#include <algorithm>

#include "support/catch.hpp"
#include "support/close.hpp"
#include "support/moe_case.hpp"
#include "support/plain_moe.hpp"
#include "support/random_matrix.hpp"

using namespace moelm;

namespace {

MoeConfig top_k_config(Index experts, Index k, std::vector<Index> hidden = {5}) {
  MoeConfig c;
  c.gate = GateKind::top_k;
  c.experts = experts;
  c.k = k;
  c.hidden = std::move(hidden);
  c.w_importance = c.w_load = 0;
  return c;
}

MoeParameters random_layer(const MoeConfig& config, Index width) {
  MoeParameters p;
  std::uint64_t seed = 1;
  if (config.has_gate()) p.gates.primary.weight = random_matrix(config.experts, width, seed++);
  for (Index e = 0; e < config.experts; ++e) {
    ExpertParameters expert;
    Index inputs = width;
    for (const Index units : config.hidden) {
      expert.weight.push_back(random_matrix(units, inputs, seed++));
      inputs = units;
    }
    expert.weight.push_back(random_matrix(width, inputs, seed++));
    p.experts.push_back(std::move(expert));
  }
  return p;
}

/// A gate that prefers expert 2, then expert 0, for every row: their logits differ by one and are far above the
/// others'.
void favour_two_experts(MoeParameters& p, Matrix& x) {
  std::copy_n(p.gates.primary.weight.row(2), p.gates.primary.weight.cols(), p.gates.primary.weight.row(0));
  for (Index e = 0; e < p.gates.primary.weight.rows(); ++e)
    p.gates.primary.weight(e, 0) = e == 2 ? 50.0f : e == 0 ? 49.0f : -50.0f;
  for (Index n = 0; n < x.rows(); ++n) x(n, 0) = 1;
}

void require_equal_to_plain(const MoeConfig& config, const MoeParameters& p, const Matrix& x) {
  CAPTURE(config.experts, config.k, x.rows());
  const Matrix dy = random_matrix(x.rows(), x.cols(), 77);
  const PlainMoe plain(config, p, x, dy);
  Context context(2);
  MoeCache cache;
  Matrix y(x.rows(), x.cols()), dx(x.rows(), x.cols());
  GatesParameters gates = zero_gates(p.gates);
  moe_forward(context, config, p, x, {true, nullptr}, cache, y);
  moe_backward(context, config, p, x, dy, cache.routing.sums, cache, gates, dx);
  REQUIRE(cache.routing.sums.tokens == plain.tokens);
  REQUIRE(mismatch("y", y.values(), plain.y) == "");
  REQUIRE(mismatch("dx", dx.values(), plain.dx) == "");
  // With k = 1 the gate is one whatever the logits are: both gradients are zero.
  if (config.has_gate()) REQUIRE(mismatch("dgate", gates.primary.weight.values(), plain.dgate) == "");
  for (std::size_t e = 0; e < p.experts.size(); ++e)
    for (std::size_t j = 0; j < p.experts[e].weight.size(); ++j) {
      Matrix dw = p.experts[e].weight[j].clone();  // overwritten, also where the expert has no token
      form_expert_gradient(context, p.experts, cache.experts, e, j, dw);
      CAPTURE(e, j);
      REQUIRE(mismatch("dw", dw.values(), plain.dweight[e][j]) == "");
    }
}

void require_equal_to_plain(Index rows, Index experts, Index k, std::vector<Index> hidden = {5}) {
  const MoeConfig config = top_k_config(experts, k, std::move(hidden));
  require_equal_to_plain(config, random_layer(config, 6), random_matrix(rows, 6, 500));
}

}  // namespace

TEST_CASE("the layer and its gradients equal the loop over tokens and experts") {
  require_equal_to_plain(200, 7, 3);
  require_equal_to_plain(50, 4, 2, {9, 3, 8});
}

TEST_CASE("one token, k = 1, k = E, one expert, more experts than tokens") {
  require_equal_to_plain(1, 7, 3);
  require_equal_to_plain(40, 7, 1);
  require_equal_to_plain(40, 5, 5);
  require_equal_to_plain(1, 5, 5);
  require_equal_to_plain(40, 1, 1, {5, 4});
  require_equal_to_plain(3, 60, 2);
}

TEST_CASE("all tokens on one expert and experts without a token") {
  for (const Index k : {1, 2}) {
    const MoeConfig config = top_k_config(6, k);
    MoeParameters p = random_layer(config, 6);
    // More rows than one task of an expert holds.
    Matrix x = random_matrix(600, 6, 500);
    favour_two_experts(p, x);
    require_equal_to_plain(config, p, x);
    Context context(2);
    MoeCache cache;
    Matrix y(600, 6);
    moe_forward(context, config, p, x, {}, cache, y);
    REQUIRE(cache.routing.sums.tokens == std::vector<Index>{k == 2 ? 600 : 0, 0, 600, 0, 0, 0});
  }
}

TEST_CASE("identity experts give the input back") {
  // relu(x) - relu(-x) = x, and the gates of a token sum to one.
  const MoeConfig config = top_k_config(5, 3, {12});
  MoeParameters p = random_layer(config, 6);
  for (ExpertParameters& expert : p.experts) {
    for (Matrix& w : expert.weight) w.zero();
    for (Index i = 0; i < 6; ++i) {
      expert.weight[0](i, i) = expert.weight[1](i, i) = 1;
      expert.weight[0](6 + i, i) = expert.weight[1](i, 6 + i) = -1;
    }
  }
  Context context(2);
  MoeCache cache;
  const Matrix x = random_matrix(90, 6, 3);
  Matrix y(90, 6);
  moe_forward(context, config, p, x, {}, cache, y);
  REQUIRE(mismatch("y", y.values(), x.values(), 1e-6) == "");
}

TEST_CASE("a token's output does not depend on the tokens beside it nor on the threads") {
  const MoeConfig config = top_k_config(6, 2, {33});
  const MoeParameters p = random_layer(config, 20);
  const Matrix x = random_matrix(700, 20, 3);
  Context one(1), three(3);
  MoeCache cache;
  Matrix all(700, 20);
  moe_forward(one, config, p, x, {}, cache, all);
  for (const Index rows : {1, 2, 15, 16, 17, 100, 511, 512, 650}) {
    Matrix some(rows, 20);
    moe_forward(three, config, p, x.view().row_range(700 - rows, 700), {}, cache, some);
    CAPTURE(rows);
    REQUIRE(std::equal(some.values().begin(), some.values().end(), all.row(700 - rows)));
  }
}
