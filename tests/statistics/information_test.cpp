// Mutual information: against the definition, and where its value is known.
#include "statistics/information.hpp"

#include <cmath>
#include <map>
#include <random>

#include "moe/balance.hpp"
#include "statistics/measures.hpp"
#include "support/catch.hpp"
#include "support/random_routing.hpp"

using namespace moelm;

namespace {

/// I(X; Y) of a joint table by its definition, sum p(x,y) log p(x,y) / p(x) p(y).
double by_definition(const std::map<std::pair<Index, Index>, double>& joint) {
  std::map<Index, double> x, y;
  double total = 0;
  for (const auto& [xy, weight] : joint) x[xy.first] += weight, y[xy.second] += weight, total += weight;
  double information = 0;
  for (const auto& [xy, weight] : joint)
    if (weight > 0) information += weight / total * std::log(weight * total / (x[xy.first] * y[xy.second]));
  return information;
}

}  // namespace

TEST_CASE("mutual information equals its definition, also given the token") {
  for (unsigned seed = 1; seed <= 4; ++seed) {
    TextShape shape;
    shape.rows = 3000;
    const RoutedText text = random_routing(shape, seed);
    const InformationReport r = accumulate(text, shape).information;
    std::map<std::pair<Index, Index>, double> label_expert, token_expert;
    std::map<Index, std::map<std::pair<Index, Index>, double>> given_token;
    std::map<Index, double> rows_of_token;
    double rows = 0;
    for (std::size_t c = 0; c < text.chunks.size(); ++c)
      for (Index i = 0; i < text.chunks[c].rows; ++i) {
        const Index n = text.begins[c] + i, label = text.label[n], token = text.token[n];
        if (label < 0) continue;
        rows += 1;
        rows_of_token[token] += 1;
        for (Index j = 2 * i; j < 2 * i + 2; ++j) {
          const Index expert = text.chunks[c].expert[j];
          const auto gate = static_cast<double>(text.chunks[c].gate[j]);
          label_expert[{label, expert}] += gate;
          token_expert[{token, expert}] += gate;
          given_token[token][{label, expert}] += gate;
        }
      }
    double conditional = 0;
    for (const auto& [token, joint] : given_token) conditional += rows_of_token[token] / rows * by_definition(joint);
    CHECK(static_cast<double>(r.rows) == rows);
    CHECK(r.label_expert.nats == Approx(by_definition(label_expert)).epsilon(1e-5));
    CHECK(r.token_expert.nats == Approx(by_definition(token_expert)).epsilon(1e-5));
    CHECK(r.label_given_token.nats == Approx(conditional).epsilon(1e-5));
    CHECK(r.label_given_token.nats > 5 * r.label_given_token.shuffled);
  }
}

TEST_CASE("rows without an expert change nothing") {
  std::mt19937 random(7);
  RoutingSample all(5, 3, 10'000, 1), served(5, 3, 10'000, 1);
  for (int i = 0; i < 6000; ++i) {
    const auto label = static_cast<std::int32_t>(random() % 3), token = static_cast<std::int32_t>(random() % 20);
    std::vector<std::int32_t> experts;
    std::vector<float> gates;
    for (Index j = static_cast<Index>(random() % 4); j > 0; --j) {
      experts.push_back(static_cast<std::int32_t>((label + j) % 5));
      gates.push_back(static_cast<float>(1 + random() % 4) / 8);
    }
    all.add(token, label, experts, gates);
    if (!experts.empty()) served.add(token, label, experts, gates);
  }
  REQUIRE(served.rows() < 5000);
  CHECK(all.rows() == served.rows());
  const InformationReport a = measure_information(all, 1), b = measure_information(served, 1);
  CHECK(a.rows == b.rows);
  for (const auto& [x, y] : {std::pair(a.label_expert, b.label_expert),
                             {a.token_expert, b.token_expert},
                             {a.label_given_token, b.label_given_token}}) {
    CHECK(x.nats == y.nats);
    CHECK(x.shuffled == y.shuffled);
  }
  CHECK(a.expert_entropy == b.expert_entropy);
  CHECK(a.label_expert.nats > 0.1);
}

TEST_CASE("independent labels tell nothing, labels that decide the expert tell everything") {
  std::mt19937 random(5);
  RoutingSample independent(8, 1, 50'000, 1), identical(8, 1, 50'000, 1);
  const std::vector<float> gate = {1.0F};
  for (int i = 0; i < 40'000; ++i) {
    const auto expert = static_cast<std::int32_t>(random() % 8), label = static_cast<std::int32_t>(random() % 4);
    const auto token = static_cast<std::int32_t>(random() % 10);
    independent.add(token, label, std::vector{expert}, gate);
    identical.add(token, expert, std::vector{expert}, gate);
  }
  const InformationReport none = measure_information(independent, 1), all = measure_information(identical, 1);
  CHECK(none.label_expert.nats < 0.002);
  CHECK(none.label_expert.shuffled < 0.002);
  CHECK(none.label_given_token.nats < 0.01);
  CHECK(none.label_given_token.nats < 2 * none.label_given_token.shuffled);
  CHECK(none.label_entropy == Approx(std::log(4)).epsilon(1e-3));
  CHECK(all.label_expert.nats == Approx(all.label_entropy));
  CHECK(all.label_expert.nats == Approx(all.expert_entropy));
  CHECK(all.label_expert.shuffled < 0.002);
  CHECK(all.label_given_token.nats == Approx(std::log(8)).epsilon(0.01));
}

TEST_CASE("a class that is a function of the token tells nothing beyond the token") {
  RoutingSample sample(4, 1, 1000, 1);
  for (std::int32_t i = 0; i < 1000; ++i)
    sample.add(i % 20, i % 20 / 5, std::vector<std::int32_t>{(i * 7 / 3) % 4}, std::vector<float>{1.0F});
  const InformationReport r = measure_information(sample, 1);
  CHECK(r.label_given_token.nats == 0);
  CHECK(r.label_given_token.shuffled == 0);
}

TEST_CASE("the sample is bounded, repeatable and fair") {
  RoutingSample a(2, 1, 1000, 3), b(2, 1, 1000, 3);
  for (std::int32_t i = 0; i < 100'000; ++i) {
    a.add(i, 0, std::vector<std::int32_t>{i % 2}, std::vector<float>{1.0F});
    b.add(i, 0, std::vector<std::int32_t>{i % 2}, std::vector<float>{1.0F});
  }
  REQUIRE(a.rows() == 1000);
  CHECK(a.seen() == 100'000);
  CHECK(std::equal(a.tokens().begin(), a.tokens().end(), b.tokens().begin()));
  double mean = 0;
  for (const std::int32_t t : a.tokens()) mean += t / 1000.0;
  // A uniform sample of 0 ... 99,999: standard deviation of its mean 913.
  CHECK(std::abs(mean - 50'000) < 4 * 913);
}

TEST_CASE("measures of evenness at their known values") {
  const std::vector<double> paper = {1, 2, 3, 4}, one = {0, 0, 0, 8}, even = {3, 3, 3, 3}, nothing = {0, 0};
  CHECK(std::pow(coefficient_of_variation(paper), 2) == Approx(0.2));
  CHECK(std::pow(coefficient_of_variation(one), 2) == Approx(3));  // one expert holds all: n - 1
  CHECK(coefficient_of_variation(even) == 0);
  CHECK(max_over_mean(one) == 4);
  CHECK(jain_index(one) == Approx(0.25));
  CHECK(jain_index(even) == Approx(1));
  CHECK(entropy(even) == Approx(std::log(4)));
  CHECK(entropy(one) == 0);
  for (const auto measure : {coefficient_of_variation, max_over_mean, jain_index, entropy})
    CHECK(measure(nothing) == 0);
}
