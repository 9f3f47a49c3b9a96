// The output layer against plain double loops: nll, gradients, log-probabilities, over several chunks of rows.
#include "nn/softmax.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "support/catch.hpp"
#include "support/close.hpp"
#include "support/random_matrix.hpp"

using namespace moelm;

namespace {

/// Log-probabilities and the gradients of scale * sum(nll), the plain way.
struct Plain {
  std::vector<double> log_p;  ///< of the last row
  std::vector<double> nll, dweight, dbias, dx;

  Plain(const SoftmaxParameters& p, const Matrix& x, const std::vector<std::int32_t>& targets, double scale)
      : vocabulary_(static_cast<std::size_t>(p.weight.rows())), width_(static_cast<std::size_t>(x.cols())) {
    dweight.resize(vocabulary_ * width_);
    dbias.resize(vocabulary_);
    dx.resize(static_cast<std::size_t>(x.size()));
    for (std::size_t n = 0; n < targets.size(); ++n) add_row(p, x, n, static_cast<std::size_t>(targets[n]), scale);
  }

 private:
  void add_row(const SoftmaxParameters& p, const Matrix& x, std::size_t n, std::size_t target, double scale) {
    std::vector<double> logits(vocabulary_);
    for (std::size_t v = 0; v < vocabulary_; ++v) {
      logits[v] = p.bias.values()[v];
      for (std::size_t j = 0; j < width_; ++j)
        logits[v] += double{p.weight.values()[v * width_ + j]} * double{x.values()[n * width_ + j]};
    }
    const double greatest = *std::max_element(logits.begin(), logits.end());
    double sum = 0;
    for (const double z : logits) sum += std::exp(z - greatest);
    nll.push_back(std::log(sum) + greatest - logits[target]);
    log_p.clear();
    for (std::size_t v = 0; v < vocabulary_; ++v) {
      log_p.push_back(logits[v] - greatest - std::log(sum));
      const double d = scale * (std::exp(log_p.back()) - (v == target ? 1 : 0));
      dbias[v] += d;
      for (std::size_t j = 0; j < width_; ++j) {
        dweight[v * width_ + j] += d * double{x.values()[n * width_ + j]};
        dx[n * width_ + j] += d * double{p.weight.values()[v * width_ + j]};
      }
    }
  }

  std::size_t vocabulary_, width_;
};

std::vector<std::int32_t> some_targets(Index rows, Index vocabulary) {
  std::vector<std::int32_t> targets;
  for (Index i = 0; i < rows; ++i) targets.push_back(static_cast<std::int32_t>((i * 7919 + 3) % vocabulary));
  return targets;
}

void require_equal_to_plain(Index rows, Index vocabulary, Index width, float weight_scale) {
  CAPTURE(rows, vocabulary, width, weight_scale);
  Context context(2);
  const SoftmaxParameters p{random_matrix(vocabulary, width, 1, weight_scale), random_matrix(1, vocabulary, 2)};
  const Matrix x = random_matrix(rows, width, 3);
  const std::vector<std::int32_t> targets = some_targets(rows, vocabulary);
  const double scale = 0.37;
  const Plain plain(p, x, targets, scale);

  SoftmaxCache cache;
  std::vector<double> nll(targets.size()), scored(targets.size());
  SoftmaxParameters gradients{Matrix(vocabulary, width), Matrix(1, vocabulary)};
  Matrix dx = random_matrix(rows, width, 4);  // overwritten
  softmax_forward_backward(context, p, x, targets, scale, cache, nll, gradients, dx);
  softmax_forward(context, p, x, targets, cache, scored);
  REQUIRE(mismatch("nll", nll, plain.nll, 1e-6) == "");
  if (vocabulary <= softmax_block(vocabulary))
    REQUIRE(scored == nll);
  else  // single-precision exponentials around the greatest of each block
    REQUIRE(mismatch("scored", scored, nll, 1e-7) == "");
  REQUIRE(mismatch("dx", dx.values(), plain.dx) == "");
  REQUIRE(mismatch("dweight", gradients.weight.values(), plain.dweight) == "");
  REQUIRE(mismatch("dbias", gradients.bias.values(), plain.dbias) == "");
}

}  // namespace

TEST_CASE("nll and gradients equal plain double loops at odd sizes") {
  require_equal_to_plain(1, 2, 1, 1.0f);
  require_equal_to_plain(37, 11, 5, 1.0f);
  require_equal_to_plain(300, 101, 9, 0.3f);
}

TEST_CASE("nll and gradients equal plain double loops over several chunks of rows") {
  // Chunks have 1,024 rows where the vocabulary is small, and 64 where it is large.
  require_equal_to_plain(2500, 23, 6, 0.5f);
  require_equal_to_plain(70, 270'000, 1, 0.5f);
}

TEST_CASE("evaluation through blocks of a large vocabulary: targets in every block, great logits in any of them") {
  require_equal_to_plain(90, 3 * 16384 + 5, 2, 3.0f);
  require_equal_to_plain(17, 16384, 3, 0.5f);
  require_equal_to_plain(17, 16385, 3, 30.0f);
}

TEST_CASE("great logits neither overflow nor lose the rest") { require_equal_to_plain(20, 50, 8, 100.0f); }

TEST_CASE("probabilities sum to one and agree with nll") {
  Context context(2);
  const Index rows = 70, vocabulary = 5003;
  const SoftmaxParameters p{random_matrix(vocabulary, 16, 1), random_matrix(1, vocabulary, 2)};
  const Matrix x = random_matrix(rows, 16, 3);
  const std::vector<std::int32_t> targets = some_targets(rows, vocabulary);
  SoftmaxCache cache;
  std::vector<double> nll(targets.size());
  softmax_forward(context, p, x, targets, cache, nll);
  Matrix log_p(rows, vocabulary);
  softmax_log_probabilities(context, p, x, cache, log_p);
  const Plain plain(p, x, targets, 1);
  REQUIRE(mismatch("log p", log_p.view().row_span(rows - 1), plain.log_p, 1e-6) == "");
  for (Index i = 0; i < rows; ++i) {
    double sum = 0;
    for (Index v = 0; v < vocabulary; ++v) sum += std::exp(static_cast<double>(log_p(i, v)));
    REQUIRE(sum == Approx(1.0).epsilon(1e-5));
    const auto n = static_cast<std::size_t>(i);
    REQUIRE(-nll[n] == Approx(static_cast<double>(log_p(i, targets[n]))).epsilon(1e-5));
  }
}

TEST_CASE("a row's nll does not depend on the rows beside it nor on the threads") {
  const Index rows = 1100, vocabulary = 211;
  const SoftmaxParameters p{random_matrix(vocabulary, 24, 1), random_matrix(1, vocabulary, 2)};
  const Matrix x = random_matrix(rows, 24, 3);
  const std::vector<std::int32_t> targets = some_targets(rows, vocabulary);
  Context one(1), three(3);
  SoftmaxCache cache;
  std::vector<double> all(targets.size());
  softmax_forward(one, p, x, targets, cache, all);
  for (const Index count : {1, 2, 15, 17, 255, 256, 257, 1030}) {
    std::vector<double> some(static_cast<std::size_t>(count));
    const std::vector<std::int32_t> last_targets(targets.end() - count, targets.end());
    softmax_forward(three, p, x.view().row_range(rows - count, rows), last_targets, cache, some);
    REQUIRE(some == std::vector<double>(all.end() - count, all.end()));
  }
}
