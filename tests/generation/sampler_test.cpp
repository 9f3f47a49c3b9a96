// Temperature, top-k and top-p against plain computations.
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "base/random.hpp"
#include "generation/sampler.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"

using namespace moelm;

namespace {

/// Random log-probabilities that sum to one.
std::vector<float> random_distribution(Index count, std::uint64_t seed, float spread = 3) {
  std::vector<float> log_p(static_cast<std::size_t>(count));
  RandomStream(seed, "test", 0).normals(0, 0, 0, count, log_p.data());
  double sum = 0;
  for (float& value : log_p) sum += std::exp(static_cast<double>(value *= spread));
  for (float& value : log_p) value = static_cast<float>(static_cast<double>(value) - std::log(sum));
  return log_p;
}

/// The distribution by definition: everything sorted, then cut.
std::map<std::int32_t, double> plain(const std::vector<float>& log_p, const Sampling& how, std::int32_t excluded) {
  std::vector<std::pair<double, std::int32_t>> sorted;
  for (std::size_t i = 0; i < log_p.size(); ++i)
    if (static_cast<std::int32_t>(i) != excluded)
      sorted.emplace_back(-static_cast<double>(log_p[i]), static_cast<std::int32_t>(i));
  std::sort(sorted.begin(), sorted.end());
  if (how.top_k > 0 && how.top_k < static_cast<Index>(sorted.size()))
    sorted.resize(static_cast<std::size_t>(how.top_k));
  std::vector<double> p;
  for (const auto& [nll, token] : sorted) p.push_back(std::pow(std::exp(-nll), 1 / how.temperature));
  const double total = std::accumulate(p.begin(), p.end(), 0.0);
  std::map<std::int32_t, double> kept;
  double share = 0;
  for (std::size_t i = 0; i < p.size() && (share < how.top_p || how.top_p == 1); ++i) {
    kept[sorted[i].second] = p[i] / total;
    share += p[i] / total;
  }
  for (auto& [token, value] : kept) value /= share;
  return kept;
}

std::map<std::int32_t, double> ours(const std::vector<float>& log_p, const Sampling& how, std::int32_t excluded) {
  Sampler sampler(how, excluded);
  std::map<std::int32_t, double> result;
  double sum = 0;
  for (const Choice& choice : sampler.choices(log_p)) {
    result[choice.token] = choice.weight;
    sum += choice.weight;
  }
  for (auto& [token, value] : result) value /= sum;
  return result;
}

}  // namespace

TEST_CASE("the distribution that is drawn from is that of the definition") {
  for (const Index vocabulary : {1, 2, 9, 500, 3000})
    for (const double temperature : {0.3, 1.0, 2.5})
      for (const Index top_k : {0, 1, 5, 200})
        for (const double top_p : {1e-9, 0.3, 0.77, 0.999, 1.0})
          for (const std::int32_t excluded : {-1, 1}) {
            if (vocabulary <= excluded) continue;
            const std::vector<float> log_p = random_distribution(vocabulary, static_cast<std::uint64_t>(vocabulary));
            const Sampling how{temperature, top_k, top_p};
            const auto expected = plain(log_p, how, excluded), found = ours(log_p, how, excluded);
            INFO(vocabulary << " tokens, temperature " << temperature << ", top-k " << top_k << ", top-p " << top_p);
            REQUIRE(found.size() == expected.size());
            for (const auto& [token, p] : expected) {
              REQUIRE(found.contains(token));
              CHECK(found.at(token) == Approx(p).epsilon(1e-6));
            }
          }
}

TEST_CASE("temperature 0 takes the most probable token, the lower id of equal ones, whatever the number") {
  const std::vector<float> log_p = {-3, -1, -2, -1, -5};
  for (const double uniform : {0.0, 0.5, 1 - 1e-16}) {
    CHECK(Sampler({0, 0, 1}).draw(log_p, uniform) == 1);
    CHECK(Sampler({0, 0, 1}, 1).draw(log_p, uniform) == 3);
    CHECK(Sampler({1, 1, 1}).draw(log_p, uniform) == 1);
    CHECK(Sampler({1, 0, 1e-6}).draw(log_p, uniform) == 1);
    CHECK(Sampler({1e-9, 0, 1}, 1).draw(log_p, uniform) == 3);
  }
}

TEST_CASE("a number finds its token by its share, and never one of no weight") {
  const std::vector<float> log_p = {std::log(0.25f), -1e30f, std::log(0.5f), std::log(0.25f), -1e30f};
  Sampler sampler({});
  CHECK(sampler.draw(log_p, 0) == 0);
  CHECK(sampler.draw(log_p, 0.2499) == 0);
  CHECK(sampler.draw(log_p, 0.2501) == 2);
  CHECK(sampler.draw(log_p, 0.7499) == 2);
  CHECK(sampler.draw(log_p, 0.7501) == 3);
  CHECK(sampler.draw(log_p, 1 - 0x1p-53) == 3);
}

TEST_CASE("draws follow the distribution: chi-square") {
  const std::vector<float> log_p = random_distribution(20, 4, 1);
  const auto expected = plain(log_p, {1.4, 12, 0.95}, 3);
  Sampler sampler({1.4, 12, 0.95}, 3);
  const RandomStream stream(1, "test", 0);
  constexpr Index kDraws = 40'000;
  std::map<std::int32_t, double> counts;
  for (Index i = 0; i < kDraws; ++i) counts[sampler.draw(log_p, static_cast<double>(stream.uniform(0, i, 0)))] += 1;
  double chi_square = 0;
  for (const auto& [token, p] : expected) chi_square += std::pow(counts[token] - p * kDraws, 2) / (p * kDraws);
  CHECK(counts.size() == expected.size());
  REQUIRE(expected.size() >= 6);
  CHECK(chi_square < 31.3);  // 99.9 % at 11 degrees of freedom, and there are not more
}

TEST_CASE("probabilities that are not numbers are refused") {
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()})
    CHECK(error_exit([&] { Sampler({}).choices(std::vector<float>{-1, bad, -1}); }) == Exit::diverged);
}
