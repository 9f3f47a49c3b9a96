// The adaptive softmax: golden values of PyTorch, plain double loops, numerical gradients at random weights, empty and
// tiny clusters, and a row's result that depends on nothing beside it.
#include "nn/adaptive_softmax.hpp"

#include <cmath>
#include <functional>
#include <map>

#include "support/catch.hpp"
#include "support/close.hpp"
#include "support/golden.hpp"
#include "support/random_matrix.hpp"

using namespace moelm;

namespace {

AdaptiveSoftmaxParameters zero_parameters(const SoftmaxConfig& config, Index inputs, Index vocabulary) {
  AdaptiveSoftmaxParameters p;
  p.clusters.resize(config.cutoffs.size());
  const LayerTensors tensors = adaptive_softmax_tensors(config, false, inputs, vocabulary);
  const std::vector<TensorPointer> pointers = tensor_pointers(p);
  REQUIRE(pointers.size() == tensors[0].tensors.size());
  for (std::size_t i = 0; i < pointers.size(); ++i)
    *pointers[i].f32 = Matrix(tensors[0].tensors[i].rows, tensors[0].tensors[i].columns);
  return p;
}

/// Random weights, inputs and targets.
struct Case {
  SoftmaxConfig config;
  Index inputs, vocabulary;
  AdaptiveSoftmaxParameters p;
  Matrix x;
  std::vector<std::int32_t> targets;

  Case(std::vector<Index> cutoffs, double divisor, Index rows, Index width, Index tokens)
      : config{.cutoffs = std::move(cutoffs), .divisor = divisor},
        inputs(width),
        vocabulary(tokens),
        p(zero_parameters(config, width, tokens)),
        x(random_matrix(rows, width, 3)) {
    std::uint64_t seed = 10;
    for (const TensorPointer& pointer : tensor_pointers(p))
      *pointer.f32 = random_matrix(pointer.f32->rows(), pointer.f32->cols(), ++seed, 0.6f);
    for (Index n = 0; n < rows; ++n) targets.push_back(static_cast<std::int32_t>((n * 7919 + 3) % tokens));
  }
};

struct Outcome {
  std::vector<double> nll;
  AdaptiveSoftmaxParameters gradients;
  Matrix dx;
};

Outcome run(Context& context, const Case& c, double scale, Index first = 0) {
  AdaptiveSoftmaxCache cache;
  Outcome out{std::vector<double>(c.targets.size() - static_cast<std::size_t>(first)),
              zero_parameters(c.config, c.inputs, c.vocabulary), random_matrix(c.x.rows() - first, c.inputs, 4)};
  const std::span targets = std::span(c.targets).subspan(static_cast<std::size_t>(first));
  adaptive_softmax_forward_backward(context, c.p, c.x.view().row_range(first, c.x.rows()), targets, scale, cache,
                                    out.nll, out.gradients, out.dx);
  return out;
}

std::vector<double> score(Context& context, const Case& c, Index first = 0,
                          WeightPacking packing = WeightPacking::every_pass, int times = 1) {
  AdaptiveSoftmaxCache cache;
  cache.packing = packing;
  std::vector<double> nll(c.targets.size() - static_cast<std::size_t>(first));
  for (int i = 0; i < times; ++i)
    adaptive_softmax_forward(context, c.p, c.x.view().row_range(first, c.x.rows()),
                             std::span(c.targets).subspan(static_cast<std::size_t>(first)), cache, nll);
  return nll;
}

using Doubles = std::vector<double>;

Doubles times(const Matrix& w, const Doubles& x) {
  Doubles y(static_cast<std::size_t>(w.rows()));
  for (Index i = 0; i < w.rows(); ++i)
    for (Index j = 0; j < w.cols(); ++j)
      y[static_cast<std::size_t>(i)] += static_cast<double>(w(i, j)) * x[static_cast<std::size_t>(j)];
  return y;
}

Doubles log_softmax(Doubles logits) {
  double sum = 0;
  for (const double v : logits) sum += std::exp(v);
  for (double& v : logits) v -= std::log(sum);
  return logits;
}

/// ln p of every token for one row, from the definition.
Doubles plain_log_p(const Case& c, Index row) {
  const Doubles x(c.x.row(row), c.x.row(row) + c.inputs);
  Doubles logits = times(c.p.head_weight, x);
  for (std::size_t i = 0; i < logits.size(); ++i) logits[i] += static_cast<double>(c.p.head_bias.values()[i]);
  const Doubles head = log_softmax(logits);
  Doubles log_p(head.begin(), head.begin() + c.config.cutoffs[0]);
  for (std::size_t i = 0; i < c.p.clusters.size(); ++i)
    for (const double v : log_softmax(times(c.p.clusters[i].weight, times(c.p.clusters[i].projection, x))))
      log_p.push_back(v + head[static_cast<std::size_t>(c.config.cutoffs[0]) + i]);
  REQUIRE(static_cast<Index>(log_p.size()) == c.vocabulary);
  return log_p;
}

double plain_loss(const Case& c) {
  double sum = 0;
  for (Index n = 0; n < c.x.rows(); ++n) {
    const auto row = static_cast<std::size_t>(n);
    sum -= plain_log_p(c, n)[static_cast<std::size_t>(c.targets[row])];
  }
  return sum;
}

/// Central differences of scale * plain_loss for every number of m.
Doubles slopes(const Case& c, Matrix& m, double scale) {
  Doubles gradient;
  for (float& value : m.values()) {
    const float old = value, h = 1.0f / 1024;
    value = old + h;
    const double up = plain_loss(c), above = static_cast<double>(value);
    value = old - h;
    const double down = plain_loss(c), below = static_cast<double>(value);
    value = old;
    gradient.push_back(scale * (up - down) / (above - below));
  }
  return gradient;
}

void require_equal_to_plain(Case c) {
  CAPTURE(c.inputs, c.vocabulary, c.x.rows(), c.config.cutoffs, c.config.divisor);
  Context context(2);
  const double scale = 0.37;
  const Outcome actual = run(context, c, scale);
  Doubles nll;
  for (Index n = 0; n < c.x.rows(); ++n)
    nll.push_back(-plain_log_p(c, n)[static_cast<std::size_t>(c.targets[static_cast<std::size_t>(n)])]);
  REQUIRE(mismatch("nll", actual.nll, nll, 1e-6) == "");
  REQUIRE(score(context, c) == actual.nll);
  REQUIRE(score(context, c, 0, WeightPacking::once, 2) == actual.nll);
  REQUIRE(mismatch("dx", actual.dx.values(), slopes(c, c.x, scale), 2e-5) == "");
  AdaptiveSoftmaxParameters gradients = run(context, c, scale).gradients;
  const std::vector<TensorPointer> weights = tensor_pointers(c.p), found = tensor_pointers(gradients);
  for (std::size_t i = 0; i < weights.size(); ++i)
    REQUIRE(mismatch("tensor " + std::to_string(i), found[i].f32->values(), slopes(c, *weights[i].f32, scale), 2e-5) ==
            "");
}

bool equal(const Matrix& a, const Matrix& b) {
  return std::equal(a.values().begin(), a.values().end(), b.values().begin(), b.values().end());
}

}  // namespace

TEST_CASE("golden: the adaptive softmax of PyTorch, log-probabilities and every gradient") {
  const Json g = golden("adaptive_softmax");
  Case c(g.at("cutoffs").get<std::vector<Index>>(), g.at("divisor").get<double>(), 9, g.at("inputs").get<Index>(),
         g.at("vocabulary").get<Index>());
  c.p.head_weight = golden_matrix(g.at("head")[0]);
  c.p.head_bias = golden_matrix(g.at("head")[1]);
  for (std::size_t i = 0; i < c.p.clusters.size(); ++i) {
    REQUIRE(c.p.clusters[i].projection.rows() == g.at("tail")[i][0].at("shape")[0].get<Index>());
    REQUIRE(c.p.clusters[i].weight.rows() == g.at("tail")[i][1].at("shape")[0].get<Index>());
    c.p.clusters[i].projection = golden_matrix(g.at("tail")[i][0]);
    c.p.clusters[i].weight = golden_matrix(g.at("tail")[i][1]);
  }
  c.x = golden_matrix(g.at("x"));
  c.targets = golden_tokens(g.at("targets"));
  for (const int threads : {1, 3}) {
    Context context(threads);
    const Outcome out = run(context, c, g.at("scale").get<double>());
    REQUIRE(mismatch("nll", out.nll, golden_values(g.at("nll"))) == "");
    REQUIRE(mismatch("dx", out.dx.values(), golden_values(g.at("dx"))) == "");
    REQUIRE(mismatch("head", out.gradients.head_weight.values(), golden_values(g.at("head_grad")[0])) == "");
    REQUIRE(mismatch("bias", out.gradients.head_bias.values(), golden_values(g.at("head_grad")[1])) == "");
    for (std::size_t i = 0; i < c.p.clusters.size(); ++i) {
      CAPTURE(i);
      const ClusterParameters& cluster = out.gradients.clusters[i];
      REQUIRE(mismatch("P", cluster.projection.values(), golden_values(g.at("tail_grad")[i][0])) == "");
      REQUIRE(mismatch("W", cluster.weight.values(), golden_values(g.at("tail_grad")[i][1])) == "");
    }
    AdaptiveSoftmaxCache cache;
    Matrix log_p(c.x.rows(), c.vocabulary);
    adaptive_softmax_log_probabilities(context, c.p, c.x, cache, log_p);
    REQUIRE(mismatch("log p", log_p.values(), golden_values(g.at("log_prob"))) == "");
  }
}

TEST_CASE("clusters narrow as PyTorch's do, to one unit at least") {
  const auto widths = [](Index inputs, double divisor, std::vector<Index> cutoffs) {
    std::vector<Index> found;
    for (const Cluster& cluster : clusters_of({.cutoffs = std::move(cutoffs), .divisor = divisor}, inputs, 100))
      found.push_back(cluster.width);
    return found;
  };
  REQUIRE(widths(256, 4, {5, 10, 20, 40}) == std::vector<Index>{64, 16, 4, 1});
  REQUIRE(widths(7, 1.3, {5, 10, 20, 40}) == std::vector<Index>{5, 4, 3, 2});
  REQUIRE(widths(512, 3, {5, 10, 20, 40}) == std::vector<Index>{170, 56, 18, 6});
  REQUIRE(widths(100, 1.1, {5, 10, 20, 40}) == std::vector<Index>{90, 82, 75, 68});
  REQUIRE(widths(3, 4, {99}) == std::vector<Index>{1});  // PyTorch would have none
  const std::vector<Cluster> clusters = clusters_of({.cutoffs = {7, 9}, .divisor = 1}, 8, 20);
  REQUIRE(clusters[0].first == 7);
  REQUIRE(clusters[0].size() == 2);
  REQUIRE(clusters[1].last == 20);
  REQUIRE(clusters[1].width == 8);
}

TEST_CASE("adaptive softmax: nll and gradients equal plain double loops at odd sizes") {
  require_equal_to_plain(Case({1}, 4, 1, 1, 2));
  require_equal_to_plain(Case({4, 9, 10}, 2, 37, 7, 13));  // a cluster of one id in the middle
  require_equal_to_plain(Case({12}, 1, 19, 5, 13));        // a cluster of one id at the end
  require_equal_to_plain(Case({2, 31}, 1.5, 70, 6, 65));
}

TEST_CASE("tied to a table: the softmax whose tables hold its rows and whose projections change nothing") {
  Case c({4, 9, 10}, 1, 37, 7, 13);
  Matrix table(13, 7);
  AdaptiveSoftmaxParameters own{Matrix(3, 7), c.p.head_bias.clone(), {}};
  const auto copy_rows = [](const Matrix& from, Index first, Index count, float* to) {
    std::copy_n(from.row(first), count * from.cols(), to);
  };
  copy_rows(c.p.head_weight, 0, 4, table.row(0));
  copy_rows(c.p.head_weight, 4, 3, own.head_weight.row(0));
  for (std::size_t i = 0; i < c.p.clusters.size(); ++i) {
    ClusterParameters& cluster = c.p.clusters[i];
    copy_rows(cluster.weight, 0, cluster.weight.rows(), table.row(c.config.cutoffs[i]));
    cluster.projection.zero();
    for (Index j = 0; j < 7; ++j) cluster.projection(j, j) = 1;
    own.clusters.push_back({c.config.cutoffs[i], {}, {}});
  }
  const AdaptiveSoftmaxWeights tied(own, table);
  REQUIRE(tied.vocabulary() == 13);
  REQUIRE(tied.elements() == 16 * 7);
  Context context(2);
  const Outcome expected = run(context, c, 0.3);
  AdaptiveSoftmaxParameters down{Matrix(3, 7), Matrix(1, 7), {}};
  down.clusters.resize(own.clusters.size());
  Matrix dtable(13, 7), dx(37, 7), log_p(37, 13), expected_log_p(37, 13);
  std::vector<double> nll(37), scored(37);
  AdaptiveSoftmaxCache cache, scoring;
  scoring.packing = WeightPacking::once;
  adaptive_softmax_forward_backward(context, tied, c.x, c.targets, 0.3, cache, nll, {down, dtable}, dx);
  REQUIRE(mismatch("nll", nll, expected.nll, 1e-6) == "");
  REQUIRE(mismatch("dx", dx.values(), expected.dx.values(), 1e-5) == "");
  REQUIRE(mismatch("bias", down.head_bias.values(), expected.gradients.head_bias.values(), 1e-6) == "");
  const auto rows = [](const Matrix& m, Index first, Index last) {
    return m.values().subspan(static_cast<std::size_t>(first * m.cols()),
                              static_cast<std::size_t>((last - first) * m.cols()));
  };
  REQUIRE(mismatch("tokens", rows(dtable, 0, 4), rows(expected.gradients.head_weight, 0, 4), 1e-5) == "");
  REQUIRE(mismatch("clusters", down.head_weight.values(), rows(expected.gradients.head_weight, 4, 7), 1e-5) == "");
  for (std::size_t i = 0; i < own.clusters.size(); ++i) {
    const Index first = own.clusters[i].first, last = first + tied.weight(i).rows;
    REQUIRE(mismatch("tail", rows(dtable, first, last), expected.gradients.clusters[i].weight.values(), 1e-5) == "");
  }
  for (int i = 0; i < 2; ++i) adaptive_softmax_forward(context, tied, c.x, c.targets, scoring, scored);
  REQUIRE(scored == nll);
  adaptive_softmax_log_probabilities(context, tied, c.x, scoring, log_p);
  AdaptiveSoftmaxCache of_expected;
  adaptive_softmax_log_probabilities(context, c.p, c.x, of_expected, expected_log_p);
  REQUIRE(mismatch("log p", log_p.values(), expected_log_p.values(), 1e-6) == "");
}

TEST_CASE("a cluster without a row in the batch has no gradient, and neither have the rows of others") {
  Case c({4, 9}, 2, 12, 6, 20);
  for (std::int32_t& target : c.targets) target = target % 4;
  c.targets[5] = 15;
  Context context(2);
  const Outcome out = run(context, c, 1.0);
  for (const float v : out.gradients.clusters[0].weight.values()) REQUIRE(v == 0.0f);
  for (const float v : out.gradients.clusters[0].projection.values()) REQUIRE(v == 0.0f);
  REQUIRE(out.gradients.clusters[1].weight(6, 0) != 0.0f);
  require_equal_to_plain(std::move(c));
}

TEST_CASE("gradients are added to, and dx is overwritten") {
  const Case c({4, 9}, 2, 30, 6, 20);
  Context context(2);
  AdaptiveSoftmaxCache cache;
  const Outcome once = run(context, c, 0.5);
  Outcome twice = run(context, c, 0.5);
  adaptive_softmax_forward_backward(context, c.p, c.x, c.targets, 0.5, cache, twice.nll, twice.gradients, twice.dx);
  REQUIRE(equal(twice.dx, once.dx));
  REQUIRE(twice.nll == once.nll);
  for (std::size_t i = 0; i < 2; ++i)
    for (Index j = 0; j < once.gradients.clusters[i].weight.size(); ++j)
      REQUIRE(twice.gradients.clusters[i].weight.data()[j] ==
              Approx(2 * once.gradients.clusters[i].weight.data()[j]).margin(1e-6));
}

TEST_CASE("adaptive softmax: probabilities sum to one and agree with nll") {
  const Case c({300, 1200}, 3, 40, 20, 5003);
  Context context(2);
  AdaptiveSoftmaxCache cache;
  Matrix log_p(c.x.rows(), c.vocabulary);
  adaptive_softmax_log_probabilities(context, c.p, c.x, cache, log_p);
  const std::vector<double> nll = score(context, c);
  for (Index n = 0; n < c.x.rows(); ++n) {
    double sum = 0;
    for (Index t = 0; t < c.vocabulary; ++t) sum += std::exp(static_cast<double>(log_p(n, t)));
    REQUIRE(sum == Approx(1).epsilon(1e-5));
    const auto row = static_cast<std::size_t>(n);
    REQUIRE(-nll[row] == Approx(static_cast<double>(log_p(n, c.targets[row]))).epsilon(1e-5));
  }
  REQUIRE(mismatch("log p", log_p.view().row_span(39), plain_log_p(c, 39), 1e-6) == "");
}

TEST_CASE("a head without clusters is the softmax, to the bit") {
  const Index rows = 300, vocabulary = 101, width = 9;
  const SoftmaxParameters full{random_matrix(vocabulary, width, 1), random_matrix(1, vocabulary, 2)};
  AdaptiveSoftmaxParameters p{full.weight.clone(), full.bias.clone(), {}};
  AdaptiveSoftmaxParameters gradients{Matrix(vocabulary, width), Matrix(1, vocabulary), {}};
  SoftmaxParameters expected{Matrix(vocabulary, width), Matrix(1, vocabulary)};
  const Matrix x = random_matrix(rows, width, 3);
  std::vector<std::int32_t> targets;
  for (Index n = 0; n < rows; ++n) targets.push_back(static_cast<std::int32_t>(n * 7 % vocabulary));
  Matrix dx(rows, width), expected_dx(rows, width);
  std::vector<double> nll(targets.size()), expected_nll(targets.size());
  AdaptiveSoftmaxCache cache;
  SoftmaxCache of_full;
  for (const DataType type : {DataType::f32, DataType::bf16}) {
    Context context(2, type);
    adaptive_softmax_forward_backward(context, p, x, targets, 0.3, cache, nll, gradients, dx);
    softmax_forward_backward(context, full, x, targets, 0.3, of_full, expected_nll, expected, expected_dx);
    REQUIRE(nll == expected_nll);
    REQUIRE(equal(dx, expected_dx));
    REQUIRE(equal(gradients.head_weight, expected.weight));
    REQUIRE(equal(gradients.head_bias, expected.bias));
  }
}

TEST_CASE("adaptive softmax: a row's results do not depend on the rows beside it nor on the threads") {
  const Case c({50, 90}, 2, 1100, 24, 211);
  for (const DataType type : {DataType::f32, DataType::bf16}) {
    Context one(1, type), three(3, type);
    const std::vector<double> all = score(one, c);
    const Outcome trained = run(one, c, 0.1), threaded = run(three, c, 0.1);
    REQUIRE(threaded.nll == trained.nll);
    REQUIRE(equal(threaded.dx, trained.dx));
    for (std::size_t i = 0; i < 2; ++i) {
      REQUIRE(equal(threaded.gradients.clusters[i].weight, trained.gradients.clusters[i].weight));
      REQUIRE(equal(threaded.gradients.clusters[i].projection, trained.gradients.clusters[i].projection));
    }
    for (const Index count : {1, 2, 15, 17, 255, 256, 257, 1030}) {
      const Index first = c.x.rows() - count;
      REQUIRE(score(three, c, first) == std::vector<double>(all.end() - count, all.end()));
      const Outcome some = run(three, c, 0.1, first);
      for (Index n = 0; n < count; ++n)
        REQUIRE(std::equal(some.dx.row(n), some.dx.row(n) + 24, trained.dx.row(first + n)));
    }
  }
}

TEST_CASE("products in bfloat16: the adaptive softmax stays near single precision") {
  const Case c({50, 90}, 2, 200, 24, 211);
  Context wide(2), rounded(2, DataType::bf16);
  const Outcome a = run(wide, c, 1.0), b = run(rounded, c, 1.0);
  REQUIRE(a.nll != b.nll);
  REQUIRE(mismatch("nll", b.nll, a.nll, 1e-2) == "");
  REQUIRE(mismatch("dx", b.dx.values(), a.dx.values(), 3e-2) == "");
  REQUIRE(mismatch("P", b.gradients.clusters[0].projection.values(), a.gradients.clusters[0].projection.values(),
                   3e-2) == "");
}

TEST_CASE("the work of an adaptive softmax is the head and each cluster's share of the tokens") {
  // With a divisor of 1 and a single cluster of nearly all ids it is that of nearly the full softmax and a projection.
  const double ops = adaptive_softmax_ops({.cutoffs = {1}, .divisor = 1}, false, 10, 1000);
  const double share = std::log(1001.0 / 2) / std::log(1001.0);
  REQUIRE(ops == Approx(2 * 10 + share * (10 * 10 + 10 * 999)));
  REQUIRE(adaptive_softmax_ops({.cutoffs = {1}, .divisor = 1}, true, 10, 1000) == Approx(2 * 10 + share * 10 * 999));
  // WikiText-2 and `small`.
  REQUIRE(adaptive_softmax_ops({.cutoffs = {2000, 10000}, .divisor = 4}, false, 256, 33278) <
          0.1 * adaptive_softmax_ops({.cutoffs = {1}, .divisor = 1}, false, 256, 33278));
}
