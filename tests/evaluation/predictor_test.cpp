// Steps of a model give the numbers of the scorer, for any batch, and states may be copied at branches.
#include <cmath>

#include "evaluation/predictor.hpp"
#include "evaluation/scorer.hpp"
#include "support/catch.hpp"
#include "support/tiny_data.hpp"

using namespace moelm;

namespace {

using Ids = std::vector<std::int32_t>;

Ids random_ids(Index count, Index vocabulary, std::uint64_t seed) {
  Ids ids;
  for (Index i = 0; i < count; ++i)
    ids.push_back(
        static_cast<std::int32_t>(RandomStream(seed, "test-ids", 0).uniform(0, 0, i) * static_cast<float>(vocabulary)));
  return ids;
}

struct Case {
  explicit Case(Index v, bool tied = false, int threads = 1, std::vector<Index> cutoffs = {})
      : vocabulary(v), context(threads) {
    config.tied = tied;
    std::get<SoftmaxConfig>(config.layers.back()) = {.cutoffs = std::move(cutoffs), .divisor = tied ? 1.0 : 4.0};
    parameters = random_parameters(config, vocabulary, 7);
  }

  Index vocabulary;
  ModelConfig config = tiny_model();
  ModelParameters parameters;
  Context context;

  /// nll of the ids from the zero state, by the scorer.
  std::vector<double> scores(const Ids& ids) {
    Scorer scorer(context, config, parameters);
    std::vector<std::int32_t> previous;
    ModelState state;
    scorer.restart(1, 0, previous, state);
    std::vector<std::vector<double>> nll;
    const std::span<const std::int32_t> sequence(ids);
    scorer.score({&sequence, 1}, previous, state, nll);
    return nll[0];
  }
};

double sum_of_probabilities(std::span<const float> log_p) {
  double sum = 0;
  for (const float value : log_p) sum += std::exp(static_cast<double>(value));
  return sum;
}

/// Reads the ids one by one and returns -ln p of each, after checks of the whole distributions.
std::vector<double> step_through(Case& c, const Ids& ids) {
  Predictor predictor(c.context, c.config, c.parameters);
  ModelState state = predictor.start(1);
  std::vector<double> nll;
  for (std::size_t t = 0; t < ids.size(); ++t) {
    const std::int32_t input = t == 0 ? 0 : ids[t - 1];
    predictor.read({&input, 1}, state);
    const ConstMatrixView log_p = predictor.log_probabilities();
    REQUIRE(log_p.rows == 1);
    REQUIRE(log_p.cols == c.vocabulary);
    CHECK(std::abs(sum_of_probabilities(log_p.row_span(0)) - 1) < 1e-6);
    const double in_distribution = -static_cast<double>(log_p(0, ids[t]));
    const NextToken next{0, ids[t]};
    double scored = 0;
    predictor.score({&next, 1}, {&scored, 1});
    CHECK(in_distribution == Approx(scored).epsilon(1e-6));
    nll.push_back(scored);
  }
  return nll;
}

}  // namespace

TEST_CASE("steps give the scorer's numbers and whole distributions") {
  // One token, a few, and a vocabulary of two blocks whose second has an odd size.
  for (const Index vocabulary : {Index{1}, Index{12}, softmax_block(1 << 20) + 13})
    for (const bool tied : {false, true}) {
      Case c(vocabulary, tied);
      const Ids ids = random_ids(9, vocabulary, 3);
      const std::vector<double> stepped = step_through(c, ids), scored = c.scores(ids);
      INFO(vocabulary << (tied ? " tied" : ""));
      for (std::size_t t = 0; t < ids.size(); ++t) CHECK(stepped[t] == Approx(scored[t]).epsilon(1e-6).margin(1e-6));
    }
}

TEST_CASE("steps of an adaptive softmax give the scorer's numbers and whole distributions") {
  for (const std::vector<Index>& cutoffs : {std::vector<Index>{1}, std::vector<Index>{5, 11}})
    for (const bool tied : {false, true}) {
      Case c(12, tied, 1, cutoffs);
      const Ids ids = random_ids(9, 12, 3);
      const std::vector<double> stepped = step_through(c, ids), scored = c.scores(ids);
      for (std::size_t t = 0; t < ids.size(); ++t) CHECK(stepped[t] == Approx(scored[t]).epsilon(1e-6).margin(1e-6));
    }
}

TEST_CASE("streams side by side do not change each other") {
  for (const auto& [threads, cutoffs] :
       std::vector<std::pair<int, std::vector<Index>>>{{1, {}}, {3, {}}, {3, {4, 9}}}) {
    Case c(12, false, threads, cutoffs);
    constexpr Index kStreams = 37, kSteps = 6;
    std::vector<Ids> ids;
    for (Index b = 0; b < kStreams; ++b) ids.push_back(random_ids(kSteps, 12, static_cast<std::uint64_t>(b)));
    Predictor predictor(c.context, c.config, c.parameters);
    ModelState state = predictor.start(kStreams);
    Ids inputs(kStreams, 0);
    std::vector<std::vector<double>> nll(kStreams);
    for (std::size_t t = 0; t < kSteps; ++t) {
      predictor.read(inputs, state);
      const ConstMatrixView log_p = predictor.log_probabilities();
      for (Index b = 0; b < kStreams; ++b) {
        const auto i = static_cast<std::size_t>(b);
        inputs[i] = ids[i][t];
        nll[i].push_back(-static_cast<double>(log_p(b, inputs[i])));
      }
    }
    for (std::size_t b = 0; b < ids.size(); ++b) {
      const std::vector<double> alone = c.scores(ids[b]);
      for (std::size_t t = 0; t < kSteps; ++t) CHECK(nll[b][t] == Approx(alone[t]).epsilon(1e-6).margin(1e-6));
    }
  }
}

TEST_CASE("a state is copied where texts branch, and goes on from there") {
  Case c(12);
  const Ids stem = random_ids(5, 12, 1);
  Predictor predictor(c.context, c.config, c.parameters);
  ModelState state = predictor.start(2);
  // Stream 1 reads the stem, stream 0 something else.
  Ids inputs = {0, 0};
  for (const std::int32_t id : stem) {
    predictor.read(inputs, state);
    inputs = {3, id};
  }
  ModelState branches;
  branches.select(state, std::vector<Index>{1, 0, 1});
  predictor.read(Ids{stem.back(), 3, stem.back()}, branches);
  const std::vector<NextToken> first = {{0, 4}, {2, 7}, {0, 7}};
  std::vector<double> nll(3);
  predictor.score(first, nll);
  CHECK(nll[1] == Approx(nll[2]).epsilon(1e-6));
  ModelState next;
  next.select(branches, std::vector<Index>{2, 0});
  predictor.read(Ids{7, 4}, next);
  const std::vector<NextToken> second = {{0, 2}, {1, 2}};
  std::vector<double> ends(2);
  predictor.score(second, ends);

  Ids four = stem, seven = stem;
  four.insert(four.end(), {4, 2});
  seven.insert(seven.end(), {7, 2});
  CHECK(nll[0] == Approx(c.scores(four)[5]).epsilon(1e-6));
  CHECK(nll[1] == Approx(c.scores(seven)[5]).epsilon(1e-6));
  CHECK(ends[0] == Approx(c.scores(seven)[6]).epsilon(1e-6));
  CHECK(ends[1] == Approx(c.scores(four)[6]).epsilon(1e-6));
}

TEST_CASE("a stream that is cleared starts anew, the others go on") {
  Case c(12);
  Predictor predictor(c.context, c.config, c.parameters);
  ModelState state = predictor.start(2);
  predictor.read(Ids{0, 0}, state);
  predictor.read(Ids{5, 6}, state);
  state.clear(0);
  predictor.read(Ids{0, 8}, state);
  const std::vector<NextToken> next = {{0, 3}, {1, 3}};
  std::vector<double> nll(2);
  predictor.score(next, nll);
  CHECK(nll[0] == Approx(c.scores({3})[0]).epsilon(1e-6));
  CHECK(nll[1] == Approx(c.scores({6, 8, 3})[2]).epsilon(1e-6));
}

TEST_CASE("the routing of a step has a row for each stream") {
  Case c(12);
  Predictor predictor(c.context, c.config, c.parameters);
  ModelState state = predictor.start(3);
  predictor.read(Ids{0, 4, 9}, state);
  CHECK(predictor.routing(0) == nullptr);
  const Routing* routing = predictor.routing(2);
  REQUIRE(routing != nullptr);
  CHECK(routing->rows == 3);
  for (Index row = 0; row < 3; ++row) {
    double sum = 0;
    CHECK(routing->experts_of(row).size() == 2);
    for (const float gate : routing->gates_of(row)) sum += static_cast<double>(gate);
    CHECK(sum == Approx(1).epsilon(1e-5));
  }
}
