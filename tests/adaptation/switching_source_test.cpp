// A text whose source changes in the middle: a model that goes on learning gets used to it, and so does a cache.
#include <cmath>

#include "adaptation/adapted_scores.hpp"
#include "learned_case.hpp"
#include "support/catch.hpp"
#include "support/model_case.hpp"

using namespace moelm;

namespace {

constexpr std::int32_t kWords = 12;

/// A chain in which word w is followed by (a w + 1) mod kWords with probability 0.8, else by any word.
std::vector<std::int32_t> chain(Index tokens, std::int32_t a, std::uint64_t seed) {
  const RandomStream random(seed, "chain", 0);
  std::vector<std::int32_t> text{0};
  for (Index i = 1; i < tokens; ++i) {
    const bool follows = random.uniform(0, i, 0) < 0.8f;
    text.push_back(follows ? (a * text.back() + 1) % kWords
                           : static_cast<std::int32_t>(random.uniform(0, i, 1) * static_cast<float>(kWords)));
  }
  return text;
}

Batch windows(const std::vector<std::int32_t>& text, Index step, Index steps) {
  constexpr Index kUnroll = 8;
  Batch batch;
  batch.sequence = Sequence(LearnedCase::kStreams, kUnroll);
  for (Index t = 0; t < kUnroll; ++t)
    for (Index b = 0; b < LearnedCase::kStreams; ++b) {
      const auto at = static_cast<std::size_t>((b * steps + step) * kUnroll + t);
      batch.inputs.push_back(text[at]);
      batch.targets.push_back(text[at + 1]);
    }
  return batch;
}

/// Mean nll of both halves of a text.
std::pair<double, double> halves(const std::vector<double>& nll) {
  const std::size_t half = nll.size() / 2;
  double first = 0, second = 0;
  for (std::size_t i = 0; i < nll.size(); ++i) (i < half ? first : second) += nll[i] / static_cast<double>(half);
  return {first, second};
}

}  // namespace

TEST_CASE("on a source that switches, dynamic evaluation learns the new chain and loses little on the old one") {
  constexpr Index kSteps = 300;
  MoeConfig moe;
  moe.experts = 4;
  moe.k = 2;
  moe.hidden = {12};
  LearnedCase c(model_config(12, {LstmConfig{12, 0}, moe}, 0.0), OptimizerConfig{}, kWords);
  const auto training = chain(LearnedCase::kStreams * kSteps * 8 + 1, 5, 1);
  for (Index step = 0; step < kSteps; ++step) c.learn(windows(training, step, kSteps), 0.01);

  const GradientRms gradients = c.gradients();
  const TrainedModel trained{c.config, c.learner.parameters(), &gradients};
  std::vector<std::int32_t> text = chain(1001, 5, 2);
  text.pop_back();
  const auto second = chain(1001, 7, 3);
  text.insert(text.end(), second.begin(), second.end());
  const Batch batch{Sequence(1, 2000), {text.begin(), text.end() - 1}, {text.begin() + 1, text.end()}};

  ModelState state;
  state.reset(c.learner.parameters(), 1);
  ModelCache cache;
  std::vector<double> still(2000);
  model_score(c.context, c.config, c.learner.parameters(), batch, state, cache, still);
  const auto adapted = [&](const Adaptation& adaptation) {
    std::vector<double> nll = still;
    AdaptedScores scores(c.context, trained, adaptation);
    scores(batch, cache, nll);
    return nll;
  };
  Adaptation dynamic, remembering;
  dynamic.dynamic = {10, 0.01, 0.003};
  remembering.cache = {200, 0.5, 0.5};
  const auto [old_static, new_static] = halves(still);
  const auto [old_dynamic, new_dynamic] = halves(adapted(dynamic));
  const auto [old_cache, new_cache] = halves(adapted(remembering));
  CAPTURE(old_static, new_static, old_dynamic, new_dynamic, old_cache, new_cache);
  // The entropy of both chains: 0.8 + 0.2 / 12 and eleven times 0.2 / 12.
  const double entropy = -(0.8 + 0.2 / 12) * std::log(0.8 + 0.2 / 12) - 11 * (0.2 / 12) * std::log(0.2 / 12);
  CHECK(old_static < entropy + 0.15);
  CHECK(new_static > entropy + 1);
  CHECK(new_dynamic < new_static - 1.5);
  CHECK(old_dynamic < old_static + 0.15);
  CHECK(new_cache < new_static - 1);
  CHECK(adapted(dynamic) == adapted(dynamic));
}
