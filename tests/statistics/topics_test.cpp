// On a mixture of topic grammars the experts learn the hidden topic, and the statistics show it.
#include <memory>

#include "grammar/topic_mixture.hpp"
#include "statistics/statistics_pass.hpp"
#include "support/catch.hpp"
#include "support/model_case.hpp"
#include "tokenizer/vocabulary_tokenizer.hpp"
#include "training/learner.hpp"

using namespace moelm;

namespace {

constexpr Index kWords = 30, kTopics = 4, kStreams = 24, kSteps = 20;

struct TopicText {
  StatisticsText text;
  RowClasses classes{"label", {"t0", "t1", "t2", "t3"}, {}, {}};
};

TopicText make_text(const TopicMixture& mixture, std::uint64_t seed, const char* name, Index lines) {
  const RandomStream random(seed, name, 0);
  TopicText result;
  for (Index n = 0; n < lines; ++n) {
    const GrammarLine line = mixture.line(random, n);
    for (const Index word : line.words) result.text.ids.push_back(static_cast<std::int32_t>(word));
    result.text.ids.push_back(0);
    result.text.line_ends.push_back(result.text.tokens());
    result.classes.line_class.push_back(static_cast<std::int32_t>(line.topic));
  }
  return result;
}

std::unique_ptr<Tokenizer> make_tokenizer() {
  Vocabulary v;
  v.words.add("</s>");
  for (Index word = 1; word <= kWords; ++word) v.words.add(grammar_word(word));
  v.words.add("<unk>");
  v.counts.assign(static_cast<std::size_t>(kWords) + 2, 1);
  return make_vocabulary_tokenizer(TokenizerKind::word, false, std::move(v));
}

ModelConfig make_model() {
  MoeConfig moe;
  moe.experts = 8;
  moe.k = 2;
  moe.hidden = {24};
  return model_config(24, {LstmConfig{24, 0}, moe}, 0);
}

/// Window `index` of parallel streams over the text, without end.
Batch window(const PackedIntegers& ids, Index index) {
  const Index tokens = ids.size();
  Batch batch;
  batch.sequence = Sequence(kStreams, kSteps);
  for (Index t = 0; t < kSteps; ++t)
    for (Index b = 0; b < kStreams; ++b) {
      const Index at = b * tokens / kStreams + index * kSteps + t;
      batch.inputs.push_back(ids[at % tokens]);
      batch.targets.push_back(ids[(at + 1) % tokens]);
    }
  return batch;
}

void train(Context& context, Learner& learner, const PackedIntegers& ids, Index steps) {
  ModelState state;
  state.reset(learner.parameters(), kStreams);
  for (Index step = 1; step <= steps; ++step) {
    const double lr = 0.02 * std::min(1.0, static_cast<double>(step) / 30) *
                      (1.02 - static_cast<double>(step) / static_cast<double>(steps));
    learner.step(context, window(ids, step - 1), {step, kStreams, lr, 1.0}, state);
  }
}

}  // namespace

TEST_CASE("experts know the topic beyond the token: ten times the shuffled value, three seeds") {
  const auto tokenizer = make_tokenizer();
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    const TopicMixture mixture = random_mixture({kWords, 4, 20}, kTopics, seed);
    const TopicText training = make_text(mixture, seed, "train", 4000), test = make_text(mixture, seed, "test", 1000);
    Context context(1);
    Learner learner(context, make_model(), {}, tokenizer->vocabulary_size(), seed);
    train(context, learner, training.text.ids, 500);
    const StatisticsReport report =
        collect_statistics(context, learner.config(), learner.parameters(), *tokenizer, test.text, test.classes, {});
    const InformationReport& known = report.layers.at(0).statistics.information;
    INFO("seed " << seed << ", perplexity " << report.perplexity << ", I(topic; expert | token) "
                 << known.label_given_token.nats << ", shuffled " << known.label_given_token.shuffled);
    CHECK(known.label_given_token.nats >= 10 * known.label_given_token.shuffled);
    CHECK(known.label_given_token.nats > 0.05);
    CHECK(known.label_entropy == Approx(std::log(4)).epsilon(0.02));
  }
}
