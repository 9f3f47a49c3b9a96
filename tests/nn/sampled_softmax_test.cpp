// The sampled softmax: draws follow the log-uniform distribution, the loss and its gradients equal plain double loops,
// and with the whole vocabulary it is the full softmax.
#include "nn/sampled_softmax.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <set>
#include <vector>

#include "support/catch.hpp"
#include "support/random_matrix.hpp"

using namespace moelm;

namespace {

struct Case {
  SoftmaxParameters p;
  Matrix x;
  std::vector<std::int32_t> targets;

  Case(Index rows, Index vocabulary, Index width)
      : p{random_matrix(vocabulary, width, 1), random_matrix(1, vocabulary, 2)}, x(random_matrix(rows, width, 3)) {
    const RandomStream stream(4, "targets", 0);
    for (Index n = 0; n < rows; ++n)
      targets.push_back(static_cast<std::int32_t>(stream.uniform(0, n, 0) * static_cast<float>(vocabulary)));
  }
};

/// Sum of weight[n] * loss[n] in plain double loops, with optional changes of one number by a step.
double plain_loss(const Case& c, const SampledIds& sample, const Matrix& w, const Matrix& b, const Matrix& x) {
  double total = 0;
  for (Index n = 0; n < x.rows(); ++n) {
    std::set<std::int32_t> ids(sample.ids.begin(), sample.ids.end());
    const std::int32_t target = c.targets[static_cast<std::size_t>(n)];
    ids.insert(target);
    double sum = 0, of_target = 0;
    for (const std::int32_t id : ids) {
      double o = static_cast<double>(b(0, id)) - sample.log_expected_count(id);
      for (Index d = 0; d < x.cols(); ++d) o += static_cast<double>(x(n, d)) * static_cast<double>(w(id, d));
      sum += std::exp(o);
      if (id == target) of_target = o;
    }
    total += std::log(sum) - of_target;
  }
  return total;
}

/// Derivative by a central difference of one number of a matrix.
double slope(Matrix& m, Index i, Index j, const std::function<double()>& f) {
  const float old = m(i, j), h = 1e-2f;
  m(i, j) = old + h;
  const double up = f(), above = m(i, j);
  m(i, j) = old - h;
  const double down = f(), below = m(i, j);
  m(i, j) = old;
  return (up - down) / (above - below);
}

}  // namespace

TEST_CASE("draws follow the log-uniform distribution") {
  constexpr Index kVocabulary = 50, kDraws = 200000;
  const RandomStream stream(9, "softmax-sample", 4);
  std::vector<double> counts(kVocabulary);
  for (Index i = 0; i < kDraws; ++i) ++counts[static_cast<std::size_t>(draw_log_uniform(stream, 0, i, kVocabulary))];
  double chi2 = 0, total = 0;
  for (Index id = 0; id < kVocabulary; ++id) {
    const double q = log_uniform_probability(static_cast<std::int32_t>(id), kVocabulary), expected = q * kDraws;
    total += q;
    chi2 += (counts[static_cast<std::size_t>(id)] - expected) * (counts[static_cast<std::size_t>(id)] - expected) /
            expected;
  }
  REQUIRE(total == Approx(1).epsilon(1e-12));
  REQUIRE(chi2 < 85.4);  // 99.9 % quantile with 49 degrees of freedom
}

TEST_CASE("a sample has distinct ids, and how often an id is in it is what the correction says") {
  constexpr Index kVocabulary = 40, kSamples = 10, kSteps = 4000;
  const RandomStream stream(9, "softmax-sample", 4);
  std::vector<double> included(kVocabulary), expected(kVocabulary);
  for (Index step = 0; step < kSteps; ++step) {
    const SampledIds sample = sample_log_uniform(stream, step, kSamples, kVocabulary);
    REQUIRE(std::set<std::int32_t>(sample.ids.begin(), sample.ids.end()).size() == kSamples);
    for (const std::int32_t id : sample.ids) ++included[static_cast<std::size_t>(id)];
    for (Index id = 0; id < kVocabulary; ++id)
      expected[static_cast<std::size_t>(id)] += std::exp(sample.log_expected_count(static_cast<std::int32_t>(id)));
  }
  // The number of draws depends on the sample itself, so the estimate is only near the frequency.
  for (std::size_t id = 0; id < kVocabulary; ++id) REQUIRE(included[id] == Approx(expected[id]).epsilon(0.12));
}

TEST_CASE("with the whole vocabulary in the sample it is the full softmax") {
  Context context(2);
  const Case c(1100, 37, 8);
  const SampledIds sample = sample_log_uniform(RandomStream(1, "s", 0), 0, 37, 37);
  std::vector<double> loss(1100), nll(1100);
  Matrix dx(1100, 8), full_dx(1100, 8);
  SampledSoftmaxCache cache;
  SampledSoftmaxGradient gradient;
  sampled_softmax_forward_backward(context, c.p, sample, c.x, c.targets, 0.5, cache, loss, gradient, dx);
  SoftmaxCache full_cache;
  SoftmaxParameters full{Matrix(37, 8), Matrix(1, 37)};
  softmax_forward_backward(context, c.p, c.x, c.targets, 0.5, full_cache, nll, full, full_dx);
  for (std::size_t n = 0; n < nll.size(); ++n) REQUIRE(loss[n] == Approx(nll[n]).epsilon(1e-5).margin(1e-6));
  for (Index i = 0; i < dx.size(); ++i) REQUIRE(dx.data()[i] == Approx(full_dx.data()[i]).margin(1e-5));
  REQUIRE(gradient.weight.index.size() == 37);
  for (Index i = 0; i < full.weight.size(); ++i)
    REQUIRE(gradient.weight.rows.data()[i] == Approx(full.weight.data()[i]).margin(2e-3));
  for (Index i = 0; i < 37; ++i) REQUIRE(gradient.bias.rows(i, 0) == Approx(full.bias(0, i)).margin(2e-3));
}

/// Distance of the mean over many samples of dx, in units of the greatest element, from the full softmax's.
double distance_from_full(Context& context, const Case& c, const Matrix& full_dx, Index samples) {
  constexpr Index kSets = 400;
  Matrix dx(full_dx.rows(), full_dx.cols());
  std::vector<double> mean(static_cast<std::size_t>(dx.size())), loss(static_cast<std::size_t>(dx.rows()));
  SampledSoftmaxCache cache;
  SampledSoftmaxGradient gradient;
  for (Index step = 0; step < kSets; ++step) {
    const SampledIds sample = sample_log_uniform(RandomStream(1, "s", 0), step, samples, c.p.weight.rows());
    sampled_softmax_forward_backward(context, c.p, sample, c.x, c.targets, 1.0, cache, loss, gradient, dx);
    for (std::size_t i = 0; i < mean.size(); ++i) mean[i] += static_cast<double>(dx.values()[i]) / kSets;
  }
  double distance = 0, greatest = 0;
  for (std::size_t i = 0; i < mean.size(); ++i) {
    distance = std::max(distance, std::abs(mean[i] - static_cast<double>(full_dx.values()[i])));
    greatest = std::max(greatest, std::abs(static_cast<double>(full_dx.values()[i])));
  }
  return distance / greatest;
}

TEST_CASE("the expected gradient approaches the full one as samples grow") {
  Context context(2);
  Case c(20, 300, 6);
  for (float& value : c.x.values()) value *= 0.3f;  // as flat as a softmax is early in training
  std::vector<double> nll(20);
  Matrix full_dx(20, 6);
  SoftmaxCache cache;
  SoftmaxParameters gradient{Matrix(300, 6), Matrix(1, 300)};
  softmax_forward_backward(context, c.p, c.x, c.targets, 1.0, cache, nll, gradient, full_dx);
  const double few = distance_from_full(context, c, full_dx, 5), some = distance_from_full(context, c, full_dx, 30),
               many = distance_from_full(context, c, full_dx, 150);
  CAPTURE(few, some, many);
  REQUIRE(some < 0.5 * few);
  REQUIRE(many < 0.5 * some);
  REQUIRE(many < 0.05);
}

TEST_CASE("loss and gradients of a sample equal plain double loops") {
  Context context(2);
  Case c(13, 60, 5);
  const SampledIds sample = sample_log_uniform(RandomStream(1, "s", 0), 0, 12, 60);
  std::vector<double> loss(13);
  Matrix dx(13, 5);
  SampledSoftmaxCache cache;
  SampledSoftmaxGradient gradient;
  sampled_softmax_forward_backward(context, c.p, sample, c.x, c.targets, 1.0, cache, loss, gradient, dx);
  const auto f = [&] { return plain_loss(c, sample, c.p.weight, c.p.bias, c.x); };
  double sum = 0;
  for (const double v : loss) sum += v;
  REQUIRE(sum == Approx(f()).epsilon(1e-6));
  for (Index n = 0; n < 13; ++n)
    for (Index d = 0; d < 5; ++d) REQUIRE(dx(n, d) == Approx(slope(c.x, n, d, f)).margin(2e-4));
  std::size_t next = 0;
  for (std::int32_t id = 0; id < 60; ++id) {
    const bool has = next < gradient.weight.index.size() && gradient.weight.index[next] == id;
    for (Index d = 0; d < 5; ++d)
      REQUIRE((has ? gradient.weight.rows(static_cast<Index>(next), d) : 0.0f) ==
              Approx(slope(c.p.weight, id, d, f)).margin(5e-4));
    REQUIRE((has ? gradient.bias.rows(static_cast<Index>(next), 0) : 0.0f) ==
            Approx(slope(c.p.bias, 0, id, f)).margin(5e-4));
    next += has;
  }
}
