// The public interface gives the scores of moe-eval, and refuses what would read beyond its arguments.
#include "moelm/language_model.hpp"

#include <cmath>
#include <new>
#include <stdexcept>
#include <type_traits>

#include "base/error.hpp"
#include "evaluation/scorer.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/temporary_directory.hpp"
#include "support/tiny_run.hpp"

using namespace moelm;

namespace {

const std::vector<std::string> kWords = {"the", "cat", "dog", "sat", "on", "mat"};

struct Case {
  Case() {
    const auto tokenizer = tiny_tokenizer(TokenizerKind::word, kWords);
    put_data(directory / "data", *tokenizer, {"the cat sat\n", "a dog\n", "the cat\n"});
    put_run(directory / "run", directory / "data", StateKind::carry);
  }
  std::string run() const { return directory / "run"; }

  TemporaryDirectory directory;
};

/// ln p of each token of a line by the scorer of moe-eval.
std::vector<double> scored(const std::string& run, const std::vector<std::int32_t>& tokens) {
  const LoadedModel model = load_model(run);
  Context context(1);
  Scorer scorer(context, model.run.config.model, model.parameters);
  std::vector<std::int32_t> previous;
  ModelState state;
  scorer.restart(1, model.tokenizer->end_id(), previous, state);
  std::vector<std::vector<double>> nll;
  const std::span<const std::int32_t> sequence(tokens);
  scorer.score({&sequence, 1}, previous, state, nll);
  for (double& value : nll[0]) value = -value;
  return nll[0];
}

}  // namespace

TEST_CASE("steps give the scores of moe-eval, and the distribution agrees with them") {
  const Case c;
  LanguageModel model(c.run(), 1);
  CHECK(model.checkpoint().starts_with(c.run()));
  CHECK(model.warnings().empty());
  CHECK(model.vocabulary_size() == 8);
  const std::vector<std::int32_t> tokens = model.encode_line("the cat barked");
  REQUIRE(tokens.size() == 4);
  CHECK(tokens.back() == model.start_token());
  CHECK(model.decode(tokens) == "the cat <unk>\n");
  const std::vector<double> expected = scored(c.run(), tokens);
  StreamState state = model.start();
  std::int32_t before = model.start_token();
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    model.read({&before, 1}, state);
    CHECK(std::abs(model.log_probabilities({&tokens[i], 1})[0] - expected[i]) < 1e-6);
    double sum = 0;
    for (const float value : model.distribution()) sum += std::exp(static_cast<double>(value));
    CHECK(std::abs(sum - 1) < 1e-5);
    CHECK(std::abs(static_cast<double>(model.distribution()[static_cast<std::size_t>(tokens[i])]) - expected[i]) <
          1e-5);
    before = tokens[i];
  }
}

TEST_CASE("a copied state goes on by itself; selected streams are copies of the chosen ones") {
  const Case c;
  LanguageModel model(c.run(), 2);
  StreamState state = model.start(2);
  const std::vector<std::int32_t> starts(2, model.start_token()), first = {2, 3}, next = {4, 5};
  model.read(starts, state);
  StreamState copy = state;
  model.read(first, state);
  const std::vector<double> original = model.log_probabilities(next);
  // Reading something else from the copy leaves the first one as it is; reading the same gives the same.
  StreamState other = copy;
  model.read(next, other);
  model.read(first, copy);
  CHECK(model.log_probabilities(next) == original);
  copy = other;
  StreamState turned = state.select(std::vector<std::size_t>{1, 0, 1});
  REQUIRE(turned.streams() == 3);
  const std::vector<std::int32_t> three = {3, 2, 3};
  model.read(three, turned);
  StreamState straight = state;
  model.read(std::vector<std::int32_t>{2, 3}, straight);
  const auto of = [&](std::size_t stream) {
    return std::vector<float>(model.distribution(stream).begin(), model.distribution(stream).end());
  };
  const std::vector<float> zero = of(0), one = of(1);
  model.read(three, turned = state.select(std::vector<std::size_t>{1, 0, 1}));
  CHECK(of(0) == one);
  CHECK(of(1) == zero);
  CHECK(of(2) == one);
}

TEST_CASE("arguments out of range are refused before anything is read") {
  const Case c;
  LanguageModel model(c.run(), 1);
  StreamState state = model.start(2);
  const std::vector<std::int32_t> one = {2}, wrong = {2, 8}, negative = {2, -1}, good = {2, 3};
  CHECK_THROWS_AS(model.distribution(), std::logic_error);  // nothing was read
  CHECK_THROWS_AS(model.log_probabilities(good), std::logic_error);
  CHECK_THROWS_AS(model.read(one, state), std::logic_error);
  CHECK_THROWS_AS(model.read(wrong, state), std::logic_error);
  CHECK_THROWS_AS(model.read(negative, state), std::logic_error);
  model.read(good, state);
  CHECK_THROWS_AS(model.log_probabilities(one), std::logic_error);
  CHECK_THROWS_AS(model.log_probabilities(wrong), std::logic_error);
  CHECK_THROWS_AS(model.distribution(2), std::logic_error);
  CHECK_THROWS_AS(model.decode(wrong), std::logic_error);
  CHECK_THROWS_AS(model.start(0), std::logic_error);
  CHECK_THROWS_AS(state.select(std::vector<std::size_t>{2}), std::logic_error);
}

TEST_CASE("exceptions are those of the standard library, with the exit codes of the commands") {
  try {
    const LanguageModel model("/nonexistent/run");
    FAIL("a run that is not there was loaded");
  } catch (const std::runtime_error& error) {
    CHECK(std::string(error.what()).find("/nonexistent/run") != std::string::npos);
    CHECK(exit_code(error) == 66);
  }
  CHECK(exit_code(std::bad_alloc()) == 71);
  CHECK(exit_code(std::logic_error("x")) == 70);
  STATIC_REQUIRE(std::is_nothrow_move_constructible_v<LanguageModel>);
  STATIC_REQUIRE_FALSE(std::is_copy_constructible_v<LanguageModel>);
}
