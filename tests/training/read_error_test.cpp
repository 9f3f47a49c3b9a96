// A text that cannot be read: training saves first, then retries, and only then ends.
#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "io/file.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/new_run.hpp"
#include "support/temporary_directory.hpp"
#include "support/tiny_data.hpp"
#include "training/read_retry.hpp"
#include "training/training_run.hpp"

using namespace moelm;

namespace {

/// Two passes over a text of several blocks. Its shard disappears after a step, and comes back after the warning.
class Case final : public TrainObserver {
 public:
  explicit Case(const std::string& split = "train", bool comes_back = true) : split_(split), comes_back_(comes_back) {
    std::string text;
    for (int i = 0; i < 40'000; ++i) text += i % 3 == 0 ? "a b c\n" : "c a b d\n";
    put_data(directory / "data", *tiny_tokenizer(TokenizerKind::word, {"a", "b", "c", "d"}), {text, "a b\n", "c\n"});
    config.model = tiny_model();
    config.train.batch = 2;
    config.train.unroll = 4000;
    config.train.steps = 30;
    config.train.warmup = 3;
    config.train.validate_every = 7;
    config.train.checkpoint_every = "1000";
  }

  void message(const std::string& text) override {
    messages.push_back(text);
    if (comes_back_ && holds(text, "reading is tried again")) std::filesystem::rename(away(), shard());
  }
  void on_step(const StepReport& report) override {
    if (report.progress.step == leaves_after) std::filesystem::rename(shard(), away());
  }

  std::string run() const { return directory / "run"; }
  std::string shard() const { return directory / "data/" + split_ + "-00000.shard"; }
  std::string away() const { return directory / "away"; }

  TrainEnd train(double patience = 60) {
    const Dataset data = Dataset::open(directory / "data");
    if (!run_exists(run())) put_new_run(run(), config, data);
    Context context(1);
    TrainingStart start;
    start.run = run();
    start.read_patience = patience;
    return TrainingRun(context, read_run(run()), data, start, *this).run();
  }
  std::string weights() const {
    return get_file(newest_checkpoint(run(), CheckpointScope::model).checkpoint->path() + "/model.safetensors");
  }
  bool told(const std::string& part) const {
    return std::any_of(messages.begin(), messages.end(), [&](const std::string& text) { return holds(text, part); });
  }
  std::vector<Json> events() const {
    std::vector<Json> found;
    for_each_metric(run() + "/metrics.jsonl", [&](const Json& line) {
      if (line.value("event", "") == "read_failed") found.push_back(line);
    });
    return found;
  }

  TemporaryDirectory directory{memory_directory()};
  RunConfig config;
  std::vector<std::string> messages;
  Index leaves_after = 0;

 private:
  std::string split_;
  bool comes_back_;
};

}  // namespace

TEST_CASE("a shard that is missing for a while: training saves, warns, reads again and ends with the same weights") {
  for (const char* split : {"train", "valid"}) {
    Case straight, away(split);
    straight.train();
    away.leaves_after = 6;
    REQUIRE(away.train() == TrainEnd::finished);
    INFO(split);
    REQUIRE(away.told("-00000.shard: open: No such file or directory; step "));
    REQUIRE(away.told("the text can be read again"));
    REQUIRE(away.events().size() == 1);
    REQUIRE(holds(away.events()[0]["cause"].get<std::string>(), ".shard"));
    const bool same = away.weights() == straight.weights();
    REQUIRE(same);
  }
}

TEST_CASE("a shard that stays missing: the error is thrown, every step is saved, and the run resumes") {
  for (const char* split : {"train", "valid"}) {
    Case straight, away(split, false);
    straight.train();
    away.leaves_after = 6;
    std::string message;
    Exit exit = Exit::ok;
    try {
      away.train(0.5);
    } catch (const Error& error) {
      message = error.what();
      exit = error.exit();
    }
    INFO(message);
    REQUIRE(exit == Exit::missing_input);
    REQUIRE(holds(message, "; training is saved up to step "));
    const Index saved = newest_checkpoint(away.run(), CheckpointScope::everything).checkpoint->step();
    REQUIRE(saved == away.events()[0]["step"].get<Index>());
    REQUIRE(saved >= 6);
    std::filesystem::rename(away.away(), away.shard());
    away.leaves_after = 0;
    REQUIRE(away.train() == TrainEnd::finished);
    const bool same = away.weights() == straight.weights();
    REQUIRE(same);
  }
}

TEST_CASE("reading is retried for the given time, less for damage, and never for errors that no file caused") {
  const auto tries = [](Exit exit, double seconds) {
    int count = 0;
    ReadRetry retry;
    retry.seconds = seconds;
    error_exit([&] { read_patiently(retry, [&] { ++count, throw Error(exit, "x"); }); });
    return count;
  };
  REQUIRE(tries(Exit::io, 0) == 1);
  REQUIRE(tries(Exit::io, 1) == 3);
  REQUIRE(tries(Exit::bad_data, 1) == 3);
  REQUIRE(tries(Exit::bad_data, 60) == 5);
  REQUIRE(tries(Exit::diverged, 60) == 1);
  REQUIRE(tries(Exit::stopped, 60) == 1);
}

TEST_CASE("a request to stop ends the wait for the text") {
  int failures = 0, asked = 0;
  ReadRetry retry;
  retry.failed = [&](const Error&) { ++failures; };
  retry.give_up = [&] { return ++asked == 3; };
  REQUIRE_FALSE(read_patiently(retry, [] { throw Error(Exit::io, "x"); }));
  REQUIRE(failures == 1);
}
