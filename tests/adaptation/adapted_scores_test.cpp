// What a scorer says when its scores are adapted.
#include "adaptation/adapted_scores.hpp"

#include "adaptation/tuning.hpp"
#include "adaptation_case.hpp"
#include "data/token_cursor.hpp"
#include "evaluation/evaluation.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/temporary_directory.hpp"
#include "support/tiny_data.hpp"

using namespace moelm;

namespace {

const std::vector<std::string> kWords = {"the", "cat", "dog", "sat", "ran", "on", "mat", "a", "and"};

/// Lines of random words, each said twice, so that there is something to remember.
std::string random_text(Index lines, std::uint64_t seed) {
  const RandomStream stream(seed, "test-text", 0);
  std::string text;
  for (Index i = 0; i < lines; ++i) {
    std::string line;
    for (Index w = 0; w < 5; ++w)
      line += (w > 0 ? " " : "") + kWords[static_cast<std::size_t>(stream.uniform(1, i, w) * 9)];
    text += line + "\n" + line + "\n";
  }
  return text;
}

struct Case {
  explicit Case(int threads = 2) : context(threads) {
    put_data(directory / "data", *tokenizer, {random_text(2, 1), random_text(40, 2), random_text(30, 3)});
  }

  TrainedModel trained() { return {config, parameters, &gradients}; }
  Dataset data() const { return Dataset::open(directory / "data"); }

  /// Scores ids as one text.
  std::vector<double> scores(const std::vector<std::int32_t>& ids, const Adaptation& adaptation) {
    std::vector<std::int32_t> previous;
    ModelState state;
    std::vector<std::vector<double>> nll;
    const std::span<const std::int32_t> sequence(ids);
    AdaptedScores adapted(context, trained(), adaptation);
    scorer.adapt(std::ref(adapted));
    scorer.restart(1, 0, previous, state);
    scorer.score({&sequence, 1}, previous, state, nll);
    scorer.adapt({});
    return nll[0];
  }
  Evaluation evaluate(const Adaptation& adaptation, double* static_nll = nullptr) {
    AdaptedScores adapted(context, trained(), adaptation);
    scorer.adapt(std::ref(adapted));
    const Evaluation e = evaluate_split(scorer, data(), Split::test, {StateKind::carry, 1});
    scorer.adapt({});
    if (static_nll != nullptr) *static_nll = adapted.static_nll();
    return e;
  }
  std::vector<std::int32_t> ids() const {
    const Dataset set = data();
    std::vector<std::int32_t> all(static_cast<std::size_t>(set.tokens(Split::test)));
    TokenCursor(set, Split::test).read(set.tokens(Split::test), all.data());
    return all;
  }

  TemporaryDirectory directory;
  std::unique_ptr<Tokenizer> tokenizer = tiny_tokenizer(TokenizerKind::word, kWords);
  ModelConfig config = tiny_model();
  ModelParameters parameters = random_parameters(config, tokenizer->vocabulary_size(), 7);
  GradientRms gradients = random_rms(parameters, 70);
  Context context;
  Scorer scorer{context, config, parameters};
};

Adaptation with_cache(Index window, double theta, double lambda) {
  Adaptation a;
  a.cache = {window, theta, lambda};
  return a;
}

Adaptation with_dynamic(double lr, double decay) {
  Adaptation a;
  a.dynamic = {5, lr, decay};
  return a;
}

Adaptation with_both(double lr, double lambda) {
  Adaptation a = with_dynamic(lr, 0.1);
  a.cache = {20, 0.1, lambda};
  return a;
}

const std::vector<Adaptation> kAll = {with_cache(20, 0.1, 0.3), with_dynamic(0.1, 0.1), with_both(0.1, 0.3)};

}  // namespace

TEST_CASE("the adapted probabilities of all tokens sum to one") {
  Case c;
  for (const Adaptation& adaptation : kAll) {
    std::vector<std::int32_t> ids = c.ids();
    ids.resize(43);
    double sum = 0;
    for (ids.back() = 0; ids.back() < c.tokenizer->vocabulary_size(); ++ids.back())
      sum += std::exp(-c.scores(ids, adaptation).back());
    INFO(adaptation.kind());
    CHECK(sum == Approx(1).epsilon(1e-6));
  }
}

TEST_CASE("later tokens do not change adapted scores before them by a bit") {
  Case c;
  for (const Adaptation& adaptation : kAll) {
    std::vector<std::int32_t> ids = c.ids();
    const std::vector<double> before = c.scores(ids, adaptation);
    for (std::size_t i = 50; i < ids.size(); ++i) ids[i] = (ids[i] + 3) % static_cast<std::int32_t>(kWords.size());
    const std::vector<double> after = c.scores(ids, adaptation);
    CHECK(std::equal(before.begin(), before.begin() + 50, after.begin()));
    CHECK(before[50] != after[50]);
    ids.resize(50);
    CHECK(c.scores(ids, adaptation) == std::vector<double>(before.begin(), before.begin() + 50));
  }
}

TEST_CASE("lambda 0 and rate 0 give the static score to the bit, and the static score stays known") {
  Case c;
  const double expected = evaluate_split(c.scorer, c.data(), Split::test, {StateKind::carry, 1}).nll;
  for (const Adaptation& adaptation : {with_cache(20, 0.1, 0), with_dynamic(0, 0.1), with_both(0, 0)})
    CHECK(c.evaluate(adaptation).nll == expected);
  for (const Adaptation& adaptation : kAll) {
    double static_nll = 0;
    CHECK(c.evaluate(adaptation, &static_nll).nll != expected);
    CHECK(static_nll == expected);
  }
}

TEST_CASE("the number of threads changes no adapted score") {
  Case one(1), three(3);
  for (const Adaptation& adaptation : kAll) CHECK(one.evaluate(adaptation).nll == three.evaluate(adaptation).nll);
}

TEST_CASE("weights that diverge are an error with the rate to change") {
  Case c;
  const Adaptation wild = with_dynamic(1e30, 0);
  CHECK(error_exit([&] { c.evaluate(wild); }) == Exit::diverged);
  CHECK(holds(error_text([&] { c.evaluate(wild); }), "give a smaller --dynamic-lr"));
}

TEST_CASE("open numbers are chosen where the validation split is scored best, given ones are kept") {
  Case c;
  std::vector<std::string> told;
  const auto choose = [&](const AdaptationRequest& request) {
    return choose_adaptation(c.context, c.trained(), request, {c.scorer, c.data(), 20},
                             [&](const std::string& text) { told.push_back(text); });
  };
  const auto valid_nll = [&](const Adaptation& adaptation) {
    AdaptedScores adapted(c.context, c.trained(), adaptation);
    c.scorer.adapt(std::ref(adapted));
    const double nll = evaluate_split(c.scorer, c.data(), Split::valid, {StateKind::carry, 1}).nll;
    c.scorer.adapt({});
    return nll;
  };
  AdaptationRequest request;
  request.cache = 12;
  const Adaptation cache = choose(request);
  REQUIRE(cache.cache);
  CHECK(cache.chosen_on == "valid");
  CHECK(cache.cache->window == 12);
  CHECK(cache.cache->lambda > 0);
  for (const double lambda : {0.0, 0.02, 0.1, 0.4}) {
    Adaptation other = cache;
    other.cache->lambda = lambda;
    CHECK(valid_nll(cache) <= valid_nll(other) * (1 + 1e-12));
  }
  request.lambda = 0.125;
  CHECK(choose(request).cache->lambda == 0.125);
  request.theta = 0.5;
  CHECK(choose(request).cache->theta == 0.5);
  AdaptationRequest dynamic;
  dynamic.dynamic = true;
  dynamic.segment = 4;
  const Adaptation chosen = choose(dynamic);
  REQUIRE(chosen.dynamic);
  CHECK_FALSE(chosen.cache);
  CHECK(chosen.dynamic->segment == 4);
  CHECK(chosen.dynamic->lr > 0);
  CHECK(valid_nll(chosen) < valid_nll(with_dynamic(0, 0)));
  dynamic.lr = 0.002;
  CHECK(choose(dynamic).dynamic->lr == 0.002);
  dynamic.cache = 12;
  const Adaptation both = choose(dynamic);
  CHECK((both.cache && both.dynamic));
  CHECK(told.size() == 6);
  // Afterwards the scorer is static again.
  CHECK(evaluate_split(c.scorer, c.data(), Split::test, {StateKind::carry, 1}).nll ==
        c.evaluate(with_dynamic(0, 0)).nll);
}

TEST_CASE("nothing is chosen on an empty validation split") {
  Case c;
  const std::string empty = c.directory / "empty";
  put_data(empty, *c.tokenizer, {"the cat\n", "", "a dog\n"});
  AdaptationRequest request;
  request.cache = 5;
  const auto choose = [&] {
    choose_adaptation(c.context, c.trained(), request, {c.scorer, Dataset::open(empty), 20}, [](const std::string&) {});
  };
  CHECK(error_exit(choose) == Exit::bad_data);
}

TEST_CASE("a report calls an adaptation by its name") {
  Adaptation a;
  CHECK(adaptation_label(a) == "evaluation=static");
  CHECK(adaptation_json(a)["kind"] == "static");
  CHECK(adaptation_json(a)["cache"].is_null());
  a.cache = {2000, 0.3, 0.1};
  CHECK(adaptation_label(a) == "evaluation=cache n=2000 theta=0.3 lambda=0.1");
  a.dynamic = {20, 0.002, 0.01};
  a.chosen_on = "valid";
  CHECK(adaptation_label(a) ==
        "evaluation=dynamic+cache segment=20 lr=0.002 decay=0.01 n=2000 theta=0.3 lambda=0.1 "
        "chosen-on=valid");
  const Json json = adaptation_json(a);
  CHECK(json["kind"] == "dynamic+cache");
  CHECK(json["cache"]["n"] == 2000);
  CHECK(json["dynamic"]["lr"] == 0.002);
  CHECK(json["chosen_on"] == "valid");
}
