// Ranks of the right tokens, against a plain sort of whole distributions.
#include "evaluation/rank_counts.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "evaluation/predictor.hpp"
#include "evaluation/score_number.hpp"
#include "evaluation/scorer.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/tiny_data.hpp"

using namespace moelm;

namespace {

using Ids = std::vector<std::int32_t>;

/// The place of a token in a stable sort by falling probability, from 1.
Index sorted_rank(std::span<const float> log_p, std::int32_t token) {
  Ids order(log_p.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](std::int32_t a, std::int32_t b) { return log_p[a] > log_p[b]; });
  return std::find(order.begin(), order.end(), token) - order.begin() + 1;
}

/// Ranks of the ids, read one by one from the zero state.
std::vector<Index> ranks_by_steps(Context& context, const ModelConfig& config, const ModelParameters& parameters,
                                  const Ids& ids) {
  Predictor predictor(context, config, parameters);
  ModelState state = predictor.start(1);
  std::vector<Index> ranks;
  for (std::size_t t = 0; t < ids.size(); ++t) {
    const std::int32_t input = t == 0 ? 0 : ids[t - 1];
    predictor.read({&input, 1}, state);
    ranks.push_back(sorted_rank(predictor.log_probabilities().row_span(0), ids[t]));
  }
  return ranks;
}

}  // namespace

TEST_CASE("the rank of a token counts the more probable ones, and equal ones with a lower id") {
  const std::vector<float> log_p = {-2, -1, -3, -1, -2};
  const std::vector<Index> expected = {3, 1, 5, 2, 4};
  for (std::int32_t token = 0; token < 5; ++token) {
    CHECK(rank_of(log_p, token) == expected[static_cast<std::size_t>(token)]);
    CHECK(sorted_rank(log_p, token) == expected[static_cast<std::size_t>(token)]);
  }
}

TEST_CASE("counts of ranks") {
  RankCounts counts;
  for (const Index rank : {1, 2, 5, 6, 10, 11}) counts.add(rank);
  CHECK(counts.tokens == 6);
  CHECK(counts.within == std::array<Index, 3>{1, 3, 5});
  CHECK(counts.reciprocal == Approx(1 + 1.0 / 2 + 1.0 / 5 + 1.0 / 6 + 1.0 / 10 + 1.0 / 11));
}

TEST_CASE("ranks of a scored text are those of its single steps, for each form of the softmax") {
  Ids ids;
  for (Index i = 0; i < 60; ++i) ids.push_back(static_cast<std::int32_t>(i * i * 7 % 61));
  for (const bool adaptive : {false, true})
    for (const bool tied : {false, true}) {
      ModelConfig config = tiny_model();
      config.tied = tied;
      auto& softmax = std::get<SoftmaxConfig>(config.layers.back());
      if (adaptive) softmax.cutoffs = {20, 40};
      if (tied) softmax.divisor = 1;
      const ModelParameters parameters = random_parameters(config, 61, 7);
      Context context(2);
      TargetRanks ranks(context, config, parameters);
      Scorer scorer(context, config, parameters);
      scorer.observe([&](const Batch& batch, std::span<const RowOrigin>, const ModelCache& pass,
                         std::span<const double>) { ranks.add(batch, pass); });
      std::vector<std::int32_t> previous;
      ModelState state;
      scorer.restart(1, 0, previous, state);
      std::vector<std::vector<double>> nll;
      const std::span<const std::int32_t> all(ids);
      for (const std::span<const std::int32_t> part : {all.first(25), all.subspan(25)})
        scorer.score({&part, 1}, previous, state, nll);
      RankCounts expected;
      for (const Index rank : ranks_by_steps(context, config, parameters, ids)) expected.add(rank);
      CHECK(ranks.counts().tokens == 60);
      CHECK(ranks.counts().within == expected.within);
      CHECK(ranks.counts().reciprocal == Approx(expected.reciprocal));
      CHECK(expected.within[2] > expected.within[0]);
    }
}

TEST_CASE("bases of logarithms") {
  CHECK(parse_log_base("e").ln == 1);
  CHECK(parse_log_base("10").is_ten());
  CHECK_FALSE(parse_log_base("2").is_ten());
  CHECK(parse_log_base("2").of_nll(std::log(8)) == Approx(-3));
  CHECK(parse_log_base("1.0001").ln == Approx(std::log(1.0001)));
  CHECK_FALSE(std::signbit(LogBase().of_nll(0)));
  for (const char* bad : {"1", "0", "-2", "", "ten", "inf"})
    CHECK(error_exit([&] { parse_log_base(bad); }) == Exit::usage);
}
