// The hierarchical MoE layer (appendix B) against golden values, and against flat layers that it has to equal.
#include "moe/hierarchical_gate.hpp"

#include <cmath>

#include "moe/moe_layer.hpp"
#include "support/catch.hpp"
#include "support/close.hpp"
#include "support/golden.hpp"
#include "support/moe_case.hpp"
#include "support/random_matrix.hpp"

using namespace moelm;

namespace {

/// Draws of both levels side by side, the experts' first.
Matrix joined_draws(const Json& g, Index groups, Index in_group) {
  const Matrix primary = golden_matrix(g.at("eps_primary"));
  Matrix draws(primary.rows(), groups * in_group + groups);
  for (Index n = 0; n < draws.rows(); ++n) {
    for (Index i = 0; i < groups; ++i) {
      const Matrix secondary = golden_matrix(g.at("eps_secondary")[static_cast<std::size_t>(i)]);
      std::copy_n(secondary.row(n), in_group, draws.row(n) + i * in_group);
    }
    std::copy_n(primary.row(n), groups, draws.row(n) + groups * in_group);
  }
  return draws;
}

/// A layer with random weights, its outcome and all its gradients.
struct Layer {
  MoeConfig config;
  MoeParameters p;
  MoeCache cache;
  Matrix y, dx;
  GatesParameters gates;
  BalanceLosses losses;

  void run(const Matrix& x, const Matrix& dy, const NoiseSampler& draw) {
    Context context(2);
    y = Matrix(x.rows(), x.cols());
    dx = Matrix(x.rows(), x.cols());
    gates = zero_gates(p.gates);
    moe_forward(context, config, p, x, {true, draw}, cache, y);
    losses = balance_losses(config, cache.routing.sums);
    moe_backward(context, config, p, x, dy, cache.routing.sums, cache, gates, dx);
  }
};

constexpr Index kWidth = 6, kHidden = 5;

MoeConfig layer_config(Index experts, Index k, Index groups, Index k_groups) {
  MoeConfig c;
  c.experts = experts;
  c.k = k;
  c.groups = groups;
  c.k_groups = k_groups;
  c.hidden = {kHidden};
  c.w_importance = 0.5;
  c.w_load = 0.8;
  return c;
}

GateParameters random_gate(Index experts, std::uint64_t seed) {
  return {random_matrix(experts, kWidth, seed), random_matrix(experts, kWidth, seed + 1), {}, {}};
}

std::vector<ExpertParameters> random_experts(Index experts) {
  std::vector<ExpertParameters> out(static_cast<std::size_t>(experts));
  std::uint64_t seed = 100;
  for (ExpertParameters& expert : out) {
    expert.weight.push_back(random_matrix(kHidden, kWidth, seed++));
    expert.weight.push_back(random_matrix(kWidth, kHidden, seed++));
  }
  return out;
}

}  // namespace

TEST_CASE("golden: the hierarchical layer, values, losses and all gradients") {
  const Json g = golden("moe_hierarchical");
  const Matrix x = golden_matrix(g.at("x")), dy = golden_matrix(g.at("upstream"));
  const Json& experts = g.at("experts");
  const auto groups = static_cast<Index>(experts.size()), in_group = static_cast<Index>(experts[0].size());
  Layer layer;
  layer.config.experts = groups * in_group;
  layer.config.groups = groups;
  layer.config.k_groups = g.at("k_primary").get<Index>();
  layer.config.k = g.at("k_secondary").get<Index>();
  layer.config.noise_epsilon = 0;
  const auto gate = [](const Json& pair) {
    return GateParameters{golden_matrix(pair[0]), golden_matrix(pair[1]), {}, {}};
  };
  layer.p.gates.primary = gate(g.at("primary"));
  for (const Json& pair : g.at("secondary")) layer.p.gates.groups.push_back(gate(pair));
  for (const Json& group : experts)
    for (const Json& expert : group) {
      layer.p.experts.emplace_back();
      for (const Json& w : expert) layer.p.experts.back().weight.push_back(golden_matrix(w));
    }
  layer.config.hidden = {layer.p.experts[0].weight[0].rows()};
  const Matrix draws = joined_draws(g, groups, in_group);
  layer.run(x, dy, given_draws(draws));

  REQUIRE(mismatch("y", layer.y.values(), golden_values(g.at("y"))) == "");
  REQUIRE(mismatch("importance", layer.cache.routing.sums.importance, golden_values(g.at("importance"))) == "");
  REQUIRE(mismatch("load", layer.cache.routing.sums.load, golden_values(g.at("load"))) == "");
  REQUIRE(mismatch("counts", layer.cache.routing.sums.tokens, golden_values(g.at("counts"))) == "");
  double loss = layer.losses.total();
  for (std::size_t i = 0; i < layer.y.values().size(); ++i)
    loss += double{layer.y.values()[i]} * double{dy.values()[i]};
  REQUIRE(loss == Approx(g.at("loss").get<double>()).epsilon(1e-5));

  const Json& dg = g.at("grad");
  REQUIRE(mismatch("dx", layer.dx.values(), golden_values(dg.at("x"))) == "");
  REQUIRE(mismatch("primary", layer.gates.primary.weight.values(), golden_values(dg.at("primary")[0])) == "");
  REQUIRE(mismatch("primary noise", layer.gates.primary.noise.values(), golden_values(dg.at("primary")[1])) == "");
  Context context(1);
  for (std::size_t i = 0; i < layer.gates.groups.size(); ++i) {
    CAPTURE(i);
    const Json& secondary = dg.at("secondary")[i];
    REQUIRE(mismatch("secondary", layer.gates.groups[i].weight.values(), golden_values(secondary[0])) == "");
    REQUIRE(mismatch("secondary noise", layer.gates.groups[i].noise.values(), golden_values(secondary[1])) == "");
    for (std::size_t b = 0; b < static_cast<std::size_t>(in_group); ++b)
      for (std::size_t j = 0; j < 2; ++j) {
        const std::size_t e = i * static_cast<std::size_t>(in_group) + b;
        Matrix dw = layer.p.experts[e].weight[j].clone();
        form_expert_gradient(context, layer.p.experts, layer.cache.experts, e, j, dw);
        REQUIRE(mismatch("dw", dw.values(), golden_values(dg.at("experts")[i][b][j])) == "");
      }
  }
}

TEST_CASE("one group equals the flat layer") {
  const Matrix x = random_matrix(50, kWidth, 1), dy = random_matrix(50, kWidth, 2), draws = random_matrix(50, 8, 3);
  Layer flat, grouped;
  flat.config = layer_config(7, 2, 0, 1);
  flat.p = {{random_gate(7, 10), {}}, random_experts(7), {}};
  grouped.config = layer_config(7, 2, 1, 1);
  grouped.p.experts = random_experts(7);
  grouped.p.gates.groups.push_back(random_gate(7, 10));
  flat.run(x, dy, given_draws(draws));
  grouped.run(x, dy, given_draws(draws));
  REQUIRE(grouped.cache.routing.expert == flat.cache.routing.expert);
  REQUIRE(mismatch("y", grouped.y.values(), flat.y.values(), 1e-6) == "");
  REQUIRE(mismatch("load", grouped.cache.routing.sums.load, flat.cache.routing.sums.load, 1e-9) == "");
  REQUIRE(grouped.losses.load == Approx(flat.losses.load));
  REQUIRE(flat.cache.routing.sums.noisy_pairs == 100);
  REQUIRE(flat.cache.routing.sums.clean_pairs > 0);
  REQUIRE(flat.cache.routing.sums.clean_pairs < 100);
  REQUIRE(grouped.cache.routing.sums.noisy_pairs == flat.cache.routing.sums.noisy_pairs);
  REQUIRE(grouped.cache.routing.sums.clean_pairs == flat.cache.routing.sums.clean_pairs);
  REQUIRE(mismatch("dx", grouped.dx.values(), flat.dx.values(), 1e-6) == "");
  REQUIRE(mismatch("gate", grouped.gates.groups[0].weight.values(), flat.gates.primary.weight.values(), 1e-6) == "");
  REQUIRE(mismatch("noise", grouped.gates.groups[0].noise.values(), flat.gates.primary.noise.values(), 1e-6) == "");
}

TEST_CASE("all groups and all their experts equal the flat layer with the product gates") {
  constexpr Index kGroups = 3, kInGroup = 4;
  const Matrix x = random_matrix(40, kWidth, 1), dy = random_matrix(40, kWidth, 2);
  Layer grouped;
  grouped.config = layer_config(kGroups * kInGroup, kInGroup, kGroups, kGroups);
  grouped.config.gate = GateKind::top_k;
  grouped.p.experts = random_experts(kGroups * kInGroup);
  grouped.p.gates.primary.weight = random_matrix(kGroups, kWidth, 20);
  for (Index g = 0; g < kGroups; ++g) {
    GateParameters gate;
    gate.weight = random_matrix(kInGroup, kWidth, 30 + static_cast<std::uint64_t>(g));
    grouped.p.gates.groups.push_back(std::move(gate));
  }
  grouped.run(x, dy, nullptr);
  // The softmax of a flat gate whose logits are sums of log gates of both levels is their product.
  const auto softmax = [&](const Matrix& w, Index n, Index i) {
    double sum = 0, of_i = 0;
    for (Index e = 0; e < w.rows(); ++e) {
      double logit = 0;
      for (Index d = 0; d < kWidth; ++d) logit += double{w(e, d)} * double{x(n, d)};
      sum += std::exp(logit);
      if (e == i) of_i = std::exp(logit);
    }
    return of_i / sum;
  };
  Context context(1);
  Dispatch dispatch;
  Routing product;
  product.shape(x.rows(), kGroups * kInGroup, kGroups * kInGroup);
  for (Index n = 0; n < x.rows(); ++n)
    for (Index e = 0; e < kGroups * kInGroup; ++e) {
      const auto pair = static_cast<std::size_t>(n * kGroups * kInGroup + e);
      const auto g = static_cast<std::size_t>(e / kInGroup);
      product.expert[pair] = static_cast<std::int32_t>(e);
      product.gate[pair] = static_cast<float>(softmax(grouped.p.gates.primary.weight, n, e / kInGroup) *
                                              softmax(grouped.p.gates.groups[g].weight, n, e % kInGroup));
    }
  product.count_pairs();
  plan_dispatch(product, dispatch);
  ExpertsCache flat;
  flat.factors.input.resize(2);
  flat.factors.input[0].reshape(dispatch.slots(), kWidth);
  dispatch_rows(context, dispatch, x, flat.factors.input[0]);
  experts_forward(context, grouped.p.experts, dispatch, HiddenLayers::kept, flat);
  Matrix y(x.rows(), kWidth);
  combine_rows(context, dispatch, product, flat.output, y);
  REQUIRE(mismatch("y", grouped.y.values(), y.values()) == "");
  REQUIRE(mismatch("importance", grouped.cache.routing.sums.importance, product.sums.importance) == "");
}

TEST_CASE("a group without rows: no load, no gradient, nothing computed") {
  Layer layer;
  layer.config = layer_config(12, 2, 4, 1);
  layer.p.experts = random_experts(12);
  layer.p.gates.primary = random_gate(4, 10);
  for (Index g = 0; g < 4; ++g) layer.p.gates.groups.push_back(random_gate(3, 40 + 2 * static_cast<std::uint64_t>(g)));
  Matrix x = random_matrix(30, kWidth, 1);
  // Group 3 is far behind the others for every row.
  for (Index n = 0; n < x.rows(); ++n) x(n, 0) = 1;
  for (Index g = 0; g < 4; ++g) layer.p.gates.primary.weight(g, 0) = g == 3 ? -60.0f : 0.0f;
  layer.run(x, random_matrix(30, kWidth, 2), nullptr);
  REQUIRE(layer.cache.hierarchy.primary.sums.tokens[3] == 0);
  for (std::size_t e = 9; e < 12; ++e) REQUIRE(layer.cache.routing.sums.load[e] == 0);
  for (const float d : layer.gates.groups[3].weight.values()) REQUIRE(d == 0);
  for (const float d : layer.dx.values()) REQUIRE(std::isfinite(d));
  REQUIRE(layer.cache.hierarchy.gate[3].clean_logits.empty());
}
