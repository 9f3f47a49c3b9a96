// Mixtures: EM finds the known optimum, never loses likelihood, and the mixed probabilities sum to 1.
#include "comparison/mixture.hpp"

#include <cmath>
#include <random>

#include "ngram/kneser_ney.hpp"
#include "support/catch.hpp"

using namespace moelm;

namespace {

using Scores = std::vector<std::vector<double>>;

/// Scores of tokens under fixed distributions; counts[i] is how often token i occurs.
Scores scores_of(const std::vector<std::vector<double>>& distributions, const std::vector<int>& counts) {
  Scores scores(distributions.size());
  for (std::size_t i = 0; i < counts.size(); ++i)
    for (int n = 0; n < counts[i]; ++n)
      for (std::size_t k = 0; k < distributions.size(); ++k) scores[k].push_back(-std::log(distributions[k][i]));
  return scores;
}

double mean_log_likelihood(const std::vector<double>& weights, const Scores& scores) {
  double sum = 0;
  for (std::size_t t = 0; t < scores[0].size(); ++t) {
    double p = 0;
    for (std::size_t k = 0; k < weights.size(); ++k) p += weights[k] * std::exp(-scores[k][t]);
    sum += std::log(p);
  }
  return sum / static_cast<double>(scores[0].size());
}

Scores random_scores(std::mt19937& random, std::size_t components, std::size_t tokens) {
  std::exponential_distribution<double> nll(0.3);
  Scores scores(components, std::vector<double>(tokens));
  for (auto& component : scores)
    for (double& v : component) v = nll(random);
  return scores;
}

}  // namespace

TEST_CASE("two fixed distributions over two tokens: the weight is the closed form") {
  // The mixture gives the first token w 0.9 + (1 - w) 0.2, which is most likely where it is the token's share.
  for (const int first : {30, 45, 60, 80}) {
    const MixtureFit fit = fit_mixture(scores_of({{0.9, 0.1}, {0.2, 0.8}}, {first, 100 - first}));
    CHECK(fit.converged);
    CHECK(fit.weights[0] == Approx((first / 100.0 - 0.2) / 0.7).margin(1e-5));
    CHECK(fit.weights[0] + fit.weights[1] == Approx(1).epsilon(1e-14));
  }
  // Beyond what any mixture gives, the better one alone is best.
  CHECK(fit_mixture(scores_of({{0.9, 0.1}, {0.2, 0.8}}, {97, 3})).weights[0] == Approx(1).margin(1e-6));
  CHECK(fit_mixture(scores_of({{0.9, 0.1}, {0.2, 0.8}}, {5, 95})).weights[0] == Approx(0).margin(1e-6));
}

TEST_CASE("two models of many tokens: the weight is that of a grid search") {
  std::mt19937 random(3);
  const Scores scores = random_scores(random, 2, 500);
  const MixtureFit fit = fit_mixture(scores);
  double best = -1e300, best_weight = 0;
  for (int i = 0; i <= 100'000; ++i) {
    const double w = i / 100'000.0;
    if (i % 100 != 0 && std::abs(w - fit.weights[0]) > 0.002) continue;
    const double reached = mean_log_likelihood({w, 1 - w}, scores);
    if (reached > best) best = reached, best_weight = w;
  }
  CHECK(fit.weights[0] == Approx(best_weight).margin(2e-5));
  CHECK(fit.log_likelihood.back() == Approx(best).epsilon(1e-9));
}

TEST_CASE("no step loses likelihood, and the last weights are the best") {
  std::mt19937 random(4);
  for (const std::size_t components : {1, 2, 3, 5, 8}) {
    const Scores scores = random_scores(random, components, 200 + components);
    const MixtureFit fit = fit_mixture(scores);
    double sum = 0;
    for (const double w : fit.weights) {
      CHECK(w >= 0);
      sum += w;
    }
    CHECK(sum == Approx(1).epsilon(1e-12));
    for (std::size_t i = 1; i < fit.log_likelihood.size(); ++i)
      REQUIRE(fit.log_likelihood[i] >= fit.log_likelihood[i - 1]);
    CHECK(fit.log_likelihood.back() == Approx(mean_log_likelihood(fit.weights, scores)).epsilon(1e-12));
    // At the optimum the mean ratio of a component to the mixture is 1, or less where its weight is 0.
    for (std::size_t k = 0; k < components; ++k) {
      double ratio = 0;
      const std::vector<double> mixed = mixture_scores(fit.weights, scores);
      for (std::size_t t = 0; t < mixed.size(); ++t) ratio += std::exp(mixed[t] - scores[k][t]);
      ratio /= static_cast<double>(mixed.size());
      CHECK(ratio <= 1 + 1e-4);
      if (fit.weights[k] > 1e-3) CHECK(ratio == Approx(1).margin(1e-4));
    }
  }
}

TEST_CASE("probabilities that are smaller than any double lose nothing") {
  const Scores scores = {{2000, 1500, 1}, {2001, 1490, 3}};
  const std::vector<double> mixed = mixture_scores(std::vector<double>{0.25, 0.75}, scores);
  CHECK(mixed[0] == Approx(2000 - std::log(0.25 + 0.75 * std::exp(-1.0))).epsilon(1e-14));
  CHECK(mixed[1] == Approx(1490 - std::log(0.75 + 0.25 * std::exp(-10.0))).epsilon(1e-14));
  const MixtureFit fit = fit_mixture(scores);
  CHECK(fit.weights[0] + fit.weights[1] == Approx(1));
  CHECK(fit.log_likelihood.back() < 0);
}

TEST_CASE("one component is its own mixture") {
  const Scores scores = {{0.5, 2, 7}};
  const MixtureFit fit = fit_mixture(scores);
  CHECK(fit.weights == std::vector<double>{1});
  CHECK(fit.converged);
  const std::vector<double> mixed = mixture_scores(fit.weights, scores);
  for (std::size_t t = 0; t < 3; ++t) CHECK(mixed[t] == Approx(scores[0][t]).epsilon(1e-15));
}

TEST_CASE("the mixed probabilities of a vocabulary sum to 1 in every context") {
  constexpr std::int32_t kVocabulary = 9;
  std::mt19937 random(5);
  std::uniform_int_distribution<std::int32_t> token(1, kVocabulary - 2);
  KneserNey bigram(2, kVocabulary), four_gram(4, kVocabulary);
  for (int i = 0; i < 100; ++i) {
    std::vector<std::int32_t> line;
    for (int j = 0; j < 6; ++j) line.push_back(token(random));
    line.push_back(0);
    bigram.count(line);
    four_gram.count(line);
  }
  bigram.finish();
  four_gram.finish();
  for (const auto& context : std::vector<std::vector<std::int32_t>>{{}, {1}, {2, 3}, {8, 8, 1}, {1, 2, 3, 4, 5}}) {
    Scores scores(3);
    std::vector<double> logits(kVocabulary);
    double total = 0;
    for (double& z : logits) total += z = std::exp(std::normal_distribution<double>(0, 2)(random));
    for (std::int32_t next = 0; next < kVocabulary; ++next) {
      scores[0].push_back(-std::log(bigram.probability(context, next)));
      scores[1].push_back(-std::log(four_gram.probability(context, next)));
      scores[2].push_back(-std::log(logits[next] / total));
    }
    double sum = 0;
    for (const double nll : mixture_scores(std::vector<double>{0.2, 0.5, 0.3}, scores)) sum += std::exp(-nll);
    CHECK(sum == Approx(1).epsilon(1e-12));
  }
}
