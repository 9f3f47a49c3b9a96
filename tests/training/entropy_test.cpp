// On a source of known entropy the loss starts at that of a uniform guess, comes within one percent of the entropy, and
// is not below it by more than chance.
#include <cmath>
#include <vector>

#include "evaluation/scorer.hpp"
#include "grammar/topic_mixture.hpp"
#include "support/catch.hpp"
#include "support/model_case.hpp"
#include "training/learner.hpp"

using namespace moelm;

namespace {

constexpr Index kWords = 20, kStreams = 32, kUnroll = 16, kSteps = 1500;

std::vector<std::int32_t> sample_text(const TopicMixture& source, const char* name, Index tokens) {
  const RandomStream random(5, name, 0);
  std::vector<std::int32_t> text;
  for (Index line = 0; static_cast<Index>(text.size()) < tokens; ++line) {
    for (const Index word : source.line(random, line).words) text.push_back(static_cast<std::int32_t>(word));
    text.push_back(0);
  }
  text.resize(static_cast<std::size_t>(tokens));
  return text;
}

}  // namespace

TEST_CASE("on a Markov source the held-out loss comes within one percent of the entropy and not below it") {
  ChainShape shape;
  shape.words = kWords;
  shape.successors = 4;
  shape.line_length = 10;
  const Chain chain = random_chain(shape, RandomStream(5, "chain", 0), 0);
  const TopicMixture source({chain});

  MoeConfig moe;
  moe.experts = 4;
  moe.k = 2;
  moe.hidden = {24};
  const ModelConfig config = model_config(24, {LstmConfig{24, 0}, moe}, 0);
  Context context(2);
  Learner learner(context, config, OptimizerConfig{}, kWords + 1, 3);
  ModelState state;
  state.reset(learner.parameters(), kStreams);

  const auto text = sample_text(source, "train", kStreams * kUnroll * kSteps + 1);
  for (Index step = 1; step <= kSteps; ++step) {
    Batch batch;
    batch.sequence = Sequence(kStreams, kUnroll);
    for (Index t = 0; t < kUnroll; ++t)
      for (Index b = 0; b < kStreams; ++b) {
        const auto at = static_cast<std::size_t>((b * kSteps + step - 1) * kUnroll + t);
        batch.inputs.push_back(text[at]);
        batch.targets.push_back(text[at + 1]);
      }
    // Warm-up, then a linear decay to zero.
    const double t = static_cast<double>(step), lr = 0.01 * std::min(t / 50, 1.0 - (t - 1) / kSteps);
    const StepResult result = learner.step(context, batch, {step, kStreams, lr, 1.0}, state);
    REQUIRE(result.fault.empty());
    if (step == 1) REQUIRE(result.losses.cross_entropy == Approx(std::log(kWords + 1.0)).epsilon(0.01));
  }

  const auto held_out = sample_text(source, "held-out", 60000);
  const std::vector<std::span<const std::int32_t>> sequences = {held_out};
  Scorer scorer(context, config, learner.parameters());
  std::vector<std::int32_t> previous;
  std::vector<std::vector<double>> nll;
  scorer.restart(1, 0, previous, state);
  scorer.score(sequences, previous, state, nll);

  // The exact probability of this text. No model can do better except by chance.
  double model = 0, exact = 0, squares = 0;
  std::int32_t before = 0;
  for (std::size_t i = 0; i < held_out.size(); ++i) {
    const double own = -std::log(chain.probability(before, held_out[i]));
    const double gain = own - nll[0][i];
    model += nll[0][i], exact += own, squares += gain * gain;
    before = held_out[i];
  }
  const double n = static_cast<double>(held_out.size()), gain = (exact - model) / n;
  const double error = std::sqrt((squares / n - gain * gain) / n);
  INFO("entropy rate " << chain.entropy_rate() << ", of this text " << exact / n << ", model " << model / n);
  REQUIRE(exact / n == Approx(chain.entropy_rate()).epsilon(0.02));
  REQUIRE(model / n < 1.01 * exact / n);
  REQUIRE(gain < 3 * error);
}
