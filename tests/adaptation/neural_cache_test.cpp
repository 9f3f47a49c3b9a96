// The neural cache against its definition in double precision.
#include "adaptation/neural_cache.hpp"

#include <cmath>
#include <numeric>

#include "support/catch.hpp"
#include "support/random_matrix.hpp"

using namespace moelm;

namespace {

using Ids = std::vector<std::int32_t>;

Ids random_words(Index count, Index vocabulary, std::uint64_t seed) {
  Ids words;
  for (Index i = 0; i < count; ++i)
    words.push_back(static_cast<std::int32_t>(RandomStream(seed, "test-words", 0).uniform(0, 0, i) *
                                              static_cast<float>(vocabulary)));
  return words;
}

double product(const Matrix& h, Index a, Index b) {
  double sum = 0;
  for (Index j = 0; j < h.cols(); ++j) sum += static_cast<double>(h(a, j)) * static_cast<double>(h(b, j));
  return sum;
}

/// p_cache of `word` at position t, or kNoPairs.
double plain_probability(const Matrix& h, const Ids& words, Index t, std::int32_t word, Index window, double theta) {
  double of_word = 0, sum = 0;
  for (Index i = std::max<Index>(0, t - window); i < t; ++i) {
    const double weight = std::exp(theta * product(h, t, i));
    sum += weight;
    if (words[static_cast<std::size_t>(i)] == word) of_word += weight;
  }
  return t > 0 ? of_word / sum : NeuralCache::kNoPairs;
}

/// Scores the rows in batches of the given sizes; the last takes the rest.
std::vector<double> probabilities(Context& context, const Matrix& h, const Ids& words, Index window,
                                  const std::vector<double>& thetas, const std::vector<Index>& sizes) {
  NeuralCache cache(context, window, h.cols());
  std::vector<double> all;
  Index first = 0;
  for (std::size_t b = 0; first < h.rows(); ++b) {
    const Index count = std::min(b < sizes.size() ? sizes[b] : h.rows(), h.rows() - first);
    std::vector<double> out(static_cast<std::size_t>(count) * thetas.size());
    cache.target_probabilities(
        h.view().row_range(first, first + count),
        std::span(words).subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count)), thetas, out);
    all.insert(all.end(), out.begin(), out.end());
    first += count;
  }
  return all;
}

const std::vector<double> kThetas = {0, 0.3, 1.7};

}  // namespace

TEST_CASE("the cache is its definition, whatever the window and the batches") {
  const Matrix h = random_matrix(70, 13, 1);
  const Ids words = random_words(70, 6, 2);
  Context context(2);
  for (const Index window : {1, 2, 7, 30, 1000}) {
    const std::vector<double> p = probabilities(context, h, words, window, kThetas, {1, 3, 20, 1, 9});
    for (Index t = 0; t < h.rows(); ++t)
      for (std::size_t k = 0; k < kThetas.size(); ++k) {
        CAPTURE(window, t, kThetas[k]);
        CHECK(p[static_cast<std::size_t>(t) * kThetas.size() + k] ==
              Approx(plain_probability(h, words, t, words[static_cast<std::size_t>(t)], window, kThetas[k]))
                  .epsilon(1e-5)
                  .margin(1e-12));
      }
  }
}

TEST_CASE("the cache: threads and batches change no bit") {
  const Matrix h = random_matrix(90, 8, 3);
  const Ids words = random_words(90, 5, 4);
  Context one(1), three(3);
  const std::vector<double> expected = probabilities(one, h, words, 17, kThetas, {});
  CHECK(probabilities(three, h, words, 17, kThetas, {}) == expected);
  CHECK(probabilities(three, h, words, 17, kThetas, {5, 40, 2}) == expected);
}

TEST_CASE("the cache forgets what is further back than its window") {
  Context context(1);
  Matrix h = random_matrix(30, 4, 5);
  Ids words = random_words(30, 4, 6);
  words[9] = 99;
  words[20] = 99;
  // The pair of position 9 is the 11th before position 20.
  CHECK(probabilities(context, h, words, 11, {0.5}, {})[20] > 0);
  CHECK(probabilities(context, h, words, 10, {0.5}, {})[20] == 0);
  // Whatever came before the window changes no bit.
  const std::vector<double> before = probabilities(context, h, words, 10, {0.5}, {8});
  for (Index i = 0; i < 10; ++i) h(i, 0) += 1;
  CHECK(probabilities(context, h, words, 10, {0.5}, {8})[20] == before[20]);
}

TEST_CASE("the probabilities of the cache sum to one") {
  Context context(1);
  const Matrix h = random_matrix(25, 6, 7, 3.0f);
  Ids words = random_words(25, 9, 8);
  for (const double theta : {0.0, 0.1, 1.0, 20.0}) {
    double sum = 0;
    for (words.back() = 0; words.back() < 9; ++words.back())
      sum += probabilities(context, h, words, 20, {theta}, {}).back();
    CHECK(sum == Approx(1).epsilon(1e-12));
  }
}

TEST_CASE("very large products overflow nothing") {
  Context context(1);
  const Matrix h = random_matrix(12, 6, 9, 1e3f);
  const Ids words = random_words(12, 3, 10);
  for (const double p : probabilities(context, h, words, 5, {100.0}, {}))
    CHECK((p == NeuralCache::kNoPairs || (p >= 0 && p <= 1)));
}

TEST_CASE("mixing with the cache") {
  CHECK(mixed_nll(0, 0.7, 3.25) == 3.25);
  CHECK(mixed_nll(0.3, NeuralCache::kNoPairs, 3.25) == 3.25);
  CHECK(mixed_nll(0.25, 0.4, -std::log(0.2)) == Approx(-std::log(0.75 * 0.2 + 0.25 * 0.4)));
  CHECK(mixed_nll(0.25, 0, -std::log(0.2)) == Approx(-std::log(0.75 * 0.2)));
  // Once the model's probability is NaN.
  CHECK(mixed_nll(0.5, 0, 2000) == Approx(2000 + std::log(2)));
  CHECK(mixed_nll(0.5, 0.5, 2000) == Approx(-std::log(0.25)));
}
