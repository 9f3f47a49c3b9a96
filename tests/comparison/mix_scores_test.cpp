// Mixtures of scored texts: weights come from one text, probabilities from the other, and tokens have to line up.
#include "comparison/mix_scores.hpp"

#include "comparison/mixture_report.hpp"
#include "comparison/scores.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/tiny_data.hpp"

using namespace moelm;

namespace {

/// Every second token is likely under one model.
TokenScores alternating(const std::string& name, const std::string& text, Index likely) {
  return scores_of_text(name, text, [likely](Index t) { return t % 2 == likely ? -std::log(0.9) : -std::log(0.1); });
}

const std::string kTuning = "a b c\n", kText = "d e\nf\n";

}  // namespace

TEST_CASE("weights are those of the tuning text, perplexities those of both") {
  // Four tokens, two of them likely under each: weights 1/2, and each token has probability 1/2.
  const Mixture m = mix_scores({alternating("x", kTuning, 0), alternating("y", kTuning, 1)},
                               {alternating("x", kText, 0), alternating("y", kText, 1)});
  REQUIRE(m.components.size() == 2);
  CHECK(m.components[0].weight == Approx(0.5));
  CHECK(m.components[0].name == "x");
  CHECK(m.perplexity_tuned == Approx(2));
  CHECK(m.perplexity() == Approx(2));
  CHECK(m.tokens == 5);
  CHECK(m.tuned_tokens == 4);
  CHECK(m.sum_nll() == Approx(5 * std::log(2.0)));
  CHECK(m.components[0].perplexity_tuned == Approx(1 / 0.3));
  CHECK(m.components[0].perplexity == Approx(std::exp(-(3 * std::log(0.9) + 2 * std::log(0.1)) / 5)));
}

TEST_CASE("a mixture is at least as good as its best component on the tuning text") {
  for (const double worse : {0.1, 1.0, 5.0}) {
    const auto scored = [&](const std::string& name, double add) {
      return scores_of_text(name, "a b c d e f\ng\n",
                            [add](Index t) { return 1 + static_cast<double>(t * t % 5) * add; });
    };
    const std::vector<TokenScores> both = {scored("good", 0.2), scored("bad", 0.2 + worse)};
    const Mixture m = mix_scores(both, both);
    CHECK(m.perplexity_tuned <= both[0].perplexity() * (1 + 1e-12));
    CHECK(m.components[0].weight == Approx(1).margin(1e-3));
  }
}

TEST_CASE("tokens that do not line up are refused with file, place, expected and found") {
  const auto mix = [](const std::string& tuning, const std::string& text) {
    return error_text([&] {
      mix_scores({alternating("x", kTuning, 0), alternating("y", tuning, 1)},
                 {alternating("x", kText, 0), alternating("y.rows", text, 1)});
    });
  };
  CHECK(mix(kTuning, kText).empty());
  CHECK(mix(kTuning, "d E\nf\n") == "y.rows: row 2 (line 1, position 2): expected the token e as in x, found E");
  CHECK(mix(kTuning, "d e\n") == "y.rows: rows: expected 5 tokens as in x, found 3");
  CHECK(mix("a b c d\n", kText) == "y: row 4 (line 1, position 4): expected the token </s> as in x, found d");
}

TEST_CASE("models with different vocabularies are not mixed") {
  const std::shared_ptr<const Tokenizer> small = tiny_tokenizer(TokenizerKind::word, {"a"}),
                                         large = tiny_tokenizer(TokenizerKind::word, {"a", "b"});
  const auto scored = [](const std::shared_ptr<const Tokenizer>& tokenizer) {
    TokenScores scores("run", "text", "", tokenizer);
    add_text(
        "a\n", [](Index) { return 1.0; }, scores);
    return scores;
  };
  const auto rows = scores_of_text("rows", "a\n", [](Index) { return 1.0; });
  CHECK(error_exit([&] { mix_scores({scored(small), scored(small)}, {scored(small), scored(small)}); }) == Exit::ok);
  for (const auto& inputs :
       {std::vector{scored(small), scored(large)}, std::vector{rows, scored(small), scored(large)}}) {
    CHECK(error_exit([&] { mix_scores(inputs, inputs); }) == Exit::bad_config);
    CHECK(holds(error_text([&] { mix_scores(inputs, inputs); }),
                "expected that of run (word, 3 tokens), found another (word, 4 tokens)"));
  }
}

TEST_CASE("the report calls a mixture a mixture, and says where its weights come from") {
  const std::vector<TokenScores> both = {alternating("x", kText, 0), alternating("y", kText, 1)};
  Mixture m = mix_scores(both, both);
  CHECK(holds(mixture_policy(m), "static linear mixture of 2 models, weights by EM on a text"));
  CHECK(holds(mixture_policy(m), "the scored text itself"));
  m.tuned_on = "another";
  CHECK_FALSE(holds(mixture_policy(m), "itself"));
  m.components[0].name = "x\x1b[31m";
  const std::string text = mixture_text(m, 0);
  CHECK(holds(text, "weights by EM on another"));
  CHECK(holds(text, "mixture"));
  CHECK_FALSE(holds(text, "\x1b"));
  const Json json = mixture_json(m);
  CHECK(json["type"] == "mixture");
  CHECK(json["components"].size() == 2);
  CHECK(json["perplexity"].get<double>() == Approx(m.perplexity()));
}
