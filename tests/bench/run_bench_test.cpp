// A run measured on its own tokens: what is counted, and that nothing is written.
#include "bench/run_bench.hpp"

#include <filesystem>
#include <set>

#include "model_files/model_store.hpp"
#include "run/run_data.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/temporary_directory.hpp"
#include "support/tiny_run.hpp"

using namespace moelm;

namespace {

/// A data folder of repeated words and a run on it.
struct Trained {
  TemporaryDirectory directory;
  std::string data = directory / "data", run = directory / "run";

  explicit Trained(StateKind state) {
    const auto tokenizer = tiny_tokenizer(TokenizerKind::word, {"a", "b", "c", "d"});
    std::string text;
    for (int i = 0; i < 2000; ++i) text += i % 3 == 0 ? "a b c d\n" : i % 3 == 1 ? "b a d\n" : "c c a b\n";
    put_data(data, *tokenizer, {text, text.substr(0, 8 * 500), ""});
    put_run(run, data, state);
  }

  std::set<std::string> files() const {
    std::set<std::string> all;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(run)) all.insert(entry.path().string());
    return all;
  }
};

}  // namespace

TEST_CASE("a run is measured on its own tokens, in either state and type") {
  for (const StateKind state : {StateKind::carry, StateKind::reset})
    for (const DataType type : {DataType::f32, DataType::bf16}) {
      const Trained trained(state);
      const std::set<std::string> before = trained.files();
      Context context(1, type);
      LoadedModel model = load_model(trained.run);
      const Dataset data = open_run_data(trained.run, model.run, {}, DataMatch::same_tokens);
      const std::vector<BenchResult> results = bench_run(context, {.tiny = true}, std::move(model), data);
      REQUIRE(results.size() == 2);
      CHECK(results[0].name == "run-train");
      CHECK(results[1].name == "run-eval");
      for (const BenchResult& r : results) {
        CHECK(r.dtype == data_type_name(type));
        CHECK(r.seconds > 0);
        CHECK(r.tokens > 0);
        CHECK(r.flops > 0);
      }
      REQUIRE(results[0].layers.size() == 1);
      CHECK(results[0].layers[0].layer == 2);
      CHECK(results[0].layers[0].experts == 4);
      CHECK(results[0].layers[0].max_over_mean_tokens >= 1);
      CHECK(results[0].layers[0].max_over_mean_tokens <= 2);  // k = 2 of 4: nobody has more than every row
      CHECK(trained.files() == before);
    }
}

TEST_CASE("a run refuses a wrong number too") {
  const Trained trained(StateKind::carry);
  Context context(1);
  LoadedModel model = load_model(trained.run);
  const Dataset data = open_run_data(trained.run, model.run, {}, DataMatch::same_tokens);
  CHECK_THROWS_AS(bench_run(context, {.tiny = true, .spoil = true}, std::move(model), data), std::logic_error);
}
