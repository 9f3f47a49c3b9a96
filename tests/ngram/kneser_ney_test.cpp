// The n-gram model: probabilities sum to 1, equal the formulas worked by hand, and do not cross lines.
#include "ngram/kneser_ney.hpp"

#include <cmath>
#include <random>

#include "support/catch.hpp"

using namespace moelm;

namespace {

using Line = std::vector<std::int32_t>;

KneserNey trained(int order, Index vocabulary, const std::vector<Line>& lines) {
  KneserNey model(order, vocabulary);
  for (const Line& line : lines) model.count(line);
  model.finish();
  return model;
}

double sum_over_vocabulary(const KneserNey& model, const Line& so_far, std::int32_t vocabulary) {
  double sum = 0;
  for (std::int32_t token = 0; token < vocabulary; ++token) sum += model.probability(so_far, token);
  return sum;
}

}  // namespace

TEST_CASE("the probabilities of all tokens sum to 1 in every context") {
  std::mt19937 random(1);
  std::geometric_distribution<std::int32_t> token(0.2);
  std::vector<Line> lines(300);
  for (Line& line : lines) {
    for (int i = 0; i < 9; ++i) line.push_back(1 + std::min(token(random), 28));
    line.push_back(0);
  }
  const KneserNey model = trained(4, 40, lines);  // tokens 30 to 39 never occur
  for (const Line& context : {Line{}, Line{1}, Line{1, 2}, Line{1, 2, 3}, Line{3, 1, 1, 2, 1}, Line{35}, Line{1, 35}})
    REQUIRE(sum_over_vocabulary(model, context, 40) == Approx(1).epsilon(1e-12));
  for (const Line& line : lines) REQUIRE(sum_over_vocabulary(model, line, 40) == Approx(1).epsilon(1e-12));
}

TEST_CASE("a bigram model equals the formulas worked by hand") {
  // Lines "a b ." twice, "a c ." once, with . = 0, a = 1, b = 2, c = 3. So few n-grams give the customary discounts
  // wherever a count of counts is missing; the ones in use here are checked first.
  const KneserNey model = trained(2, 4, {{1, 2, 0}, {1, 2, 0}, {1, 3, 0}});
  // Unigrams have continuation counts: . after b and c: 2; a after the begin: 1; b: 1; c: 1. n1 = 3, n2 = 1, n3 = 0.
  const double y1 = 3.0 / 5, d1 = 1 - 2 * y1 * 1 / 3, d2 = 2 - 3 * y1 * 0 / 1;
  REQUIRE(model.discounts(1)[0] == Approx(d1));
  REQUIRE(model.discounts(1)[1] == Approx(d2));
  const double left = (3 * d1 + 1 * d2) / 5;
  const double uniform = 1.0 / 4;
  const double p_b = (1 - d1) / 5 + left * uniform, p_c = p_b, p_end = (2 - d2) / 5 + left * uniform;
  // Bigrams have occurrences: begin a 3, a b 2, a c 1, b . 2, c . 1. n1 = 2, n2 = 2, n3 = 1.
  const double y2 = 2.0 / 6, e1 = 1 - 2 * y2 * 2 / 2, e2 = 2 - 3 * y2 * 1 / 2;
  REQUIRE(model.discounts(2)[0] == Approx(e1));
  REQUIRE(model.discounts(2)[1] == Approx(e2));
  REQUIRE(model.probability(Line{1}, 2) == Approx((2 - e2) / 3 + (e1 + e2) / 3 * p_b));
  REQUIRE(model.probability(Line{1}, 3) == Approx((1 - e1) / 3 + (e1 + e2) / 3 * p_c));
  REQUIRE(model.probability(Line{1, 2}, 0) == Approx((2 - e2) / 2 + e2 / 2 * p_end));
}

TEST_CASE("n-grams do not cross the begin of a line") {
  const KneserNey one = trained(3, 5, {{1, 2, 0}, {3, 4, 0}, {1, 2, 0}, {3, 4, 0}});
  const KneserNey other = trained(3, 5, {{1, 2, 0}, {1, 2, 0}, {3, 4, 0}, {3, 4, 0}});
  for (std::int32_t token = 0; token < 5; ++token)
    REQUIRE(one.probability(Line{}, token) == other.probability(Line{}, token));
  // 3 begins half of the lines and follows nothing else.
  REQUIRE(one.probability(Line{}, 3) > 0.2);
  REQUIRE(one.probability(Line{1, 2}, 3) < one.probability(Line{}, 3));
}

TEST_CASE("the probability of a line is the product over its tokens") {
  const KneserNey model = trained(3, 4, {{1, 2, 3, 0}, {1, 3, 0}});
  const Line line = {1, 3, 2, 0};
  double product = 1;
  for (std::size_t i = 0; i < line.size(); ++i) product *= model.probability({line.data(), i}, line[i]);
  REQUIRE(model.log_probability(line) == Approx(std::log(product)));
}
