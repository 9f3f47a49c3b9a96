// Saves that fail: training continues or stops, as train.on_save_error says. Checkpoints on disk stay intact, and the
// user is told.
#include <algorithm>
#include <string>
#include <vector>

#include "checkpoint/verify.hpp"
#include "io/file.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/faulty_file_system.hpp"
#include "support/new_run.hpp"
#include "support/temporary_directory.hpp"
#include "support/tiny_data.hpp"
#include "training/training_run.hpp"

using namespace moelm;

namespace {

class RememberingObserver final : public TrainObserver {
 public:
  void message(const std::string& text) override { messages.push_back(text); }
  void on_step(const StepReport& report) override { step = report.progress.step; }
  void on_saved(const std::string&, bool) override { ++saved; }

  bool told(const std::string& part) const {
    return std::any_of(messages.begin(), messages.end(), [&](const std::string& text) { return holds(text, part); });
  }

  std::vector<std::string> messages;
  Index step = 0, saved = 0;
};

/// A run of twenty steps, saved every second and validated every fourth step. The disk is full after the steps of
/// [from, to].
struct Case {
  Case() {
    std::string text;
    for (int i = 0; i < 120; ++i) text += i % 3 == 0 ? "a b c\n" : "c a b d\n";
    put_data(directory / "data", *tiny_tokenizer(TokenizerKind::word, {"a", "b", "c", "d"}), {text, "a b\n", "c\n"});
    config.model = tiny_model();
    config.train.batch = 2;
    config.train.unroll = 4;
    config.train.steps = 20;
    config.train.warmup = 3;
    config.train.validate_every = 4;
    config.train.checkpoint_every = "2";
  }

  std::string path() const { return directory / "run"; }

  TrainEnd train(Index from, Index to, int threads = 1) {
    const Dataset data = Dataset::open(directory / "data");
    if (!run_exists(path())) put_new_run(path(), config, data);
    FaultyFileSystem full([&](const std::string& call, int) {
      const bool writes = call == "write" || call == "allocate" || call == "mkdir";
      return writes && observer.step >= from && observer.step <= to ? ENOSPC : 0;
    });
    Context context(threads);
    TrainingStart start;
    start.run = path();
    start.files = &full;
    StoredRun stored = read_run(path());
    stored.config.train.on_save_error = config.train.on_save_error;
    TrainingRun run(context, stored, data, start, observer);
    const TrainEnd end = run.run();
    result = run.result();
    return end;
  }

  std::vector<Index> steps_kept() const {
    std::vector<Index> steps;
    for (const std::string& name : list_directory(path() + "/checkpoints"))
      if (const auto checkpoint = CheckpointName::parse(name)) steps.push_back(checkpoint->step);
    return steps;
  }
  std::string weights() const {
    return get_file(newest_checkpoint(path(), CheckpointScope::model).checkpoint->path() + "/model.safetensors");
  }
  /// Lines of metrics without times: steps and validations, or events of one kind.
  std::vector<Json> lines(const std::string& event = "") const {
    std::vector<Json> found;
    for_each_metric(path() + "/metrics.jsonl", [&](const Json& line) {
      if (line.value("event", "") != event) return;
      Json kept = line;
      for (const char* key : {"time", "tokens_per_s"}) kept.erase(key);
      found.push_back(std::move(kept));
    });
    return found;
  }

  TemporaryDirectory directory{memory_directory()};
  RunConfig config;
  RememberingObserver observer;
  Json result;
};

}  // namespace

TEST_CASE("a disk that is full for a while: training continues, warns, and ends with the same bytes and lines") {
  Case straight, full;
  REQUIRE(straight.train(1, 0) == TrainEnd::finished);
  REQUIRE(full.train(5, 13) == TrainEnd::finished);
  const bool same = full.weights() == straight.weights();
  REQUIRE(same);
  REQUIRE(full.lines() == straight.lines());
  const std::vector<Json> failed = full.lines("save_failed");
  REQUIRE(failed.size() >= 4);
  REQUIRE(failed[0]["step"] == 6);
  REQUIRE(holds(failed[0]["cause"].get<std::string>(), "No space left on device"));
  REQUIRE(full.observer.told("warning: step 6 was not saved: "));
  REQUIRE(full.observer.told("training goes on"));
  REQUIRE(full.observer.told("metrics.jsonl: write: No space left on device; lines wait in memory"));
  REQUIRE(full.observer.saved < straight.observer.saved);
  REQUIRE(run_faults(full.path()).empty());
}

TEST_CASE("with train.on_save_error=stop the run ends with the error and can be resumed") {
  Case straight, full;
  straight.train(1, 0);
  full.config.train.on_save_error = SaveErrors::stop;
  const auto train = [&] { full.train(6, 6); };
  REQUIRE(error_exit(train) == Exit::io);
  REQUIRE(full.steps_kept().back() == 4);
  full.observer.step = 0;
  REQUIRE(full.train(1, 0) == TrainEnd::finished);
  const bool same = full.weights() == straight.weights();
  REQUIRE(same);
  REQUIRE(full.lines() == straight.lines());
}

TEST_CASE("the last save has to succeed: else an error, the earlier checkpoint, and the rest is repeated") {
  Case straight, full;
  straight.train(1, 0);
  REQUIRE(error_exit([&] { full.train(19, 20); }) == Exit::io);
  REQUIRE(full.steps_kept().back() == 18);
  full.observer.step = 0;
  REQUIRE(full.train(1, 0) == TrainEnd::finished);
  const bool same = full.weights() == straight.weights();
  REQUIRE(same);
}

TEST_CASE("the best checkpoint is the best of those that could be saved") {
  Case full;
  REQUIRE(full.train(8, 11) == TrainEnd::finished);
  const FoundCheckpoint best = best_checkpoint(full.path(), CheckpointScope::model);
  REQUIRE(best.warnings.empty());
  REQUIRE(full.result["best_step"] == best.checkpoint->step());
  double least = 1e9;
  for (const Json& line : full.lines())
    if (line.contains("split") && line["step"] != 8) least = std::min(least, line["loss"].get<double>());
  REQUIRE(full.result["valid_nll"].get<double>() == least);
}

TEST_CASE("a damaged best checkpoint no longer counts as the best") {
  Case damaged;
  damaged.config.train.steps = 9;
  damaged.train(1, 0);
  const std::string best = best_checkpoint(damaged.path(), CheckpointScope::model).checkpoint->path();
  put_file(best + "/model.safetensors", "x");
  StoredRun stored = read_run(damaged.path());
  stored.config.train.steps = 20;
  write_run_config(damaged.path(), stored);
  damaged.observer.step = 0;
  damaged.train(1, 0);
  const FoundCheckpoint found = best_checkpoint(damaged.path(), CheckpointScope::model);
  REQUIRE(found.checkpoint->step() > 9);
  REQUIRE(damaged.result["best_step"] == found.checkpoint->step());
}

TEST_CASE("resuming with another number of threads is announced and changes nothing") {
  Case straight, other;
  straight.train(1, 0);
  REQUIRE(error_exit([&] { other.train(19, 20); }) == Exit::io);
  other.observer.step = 0;
  REQUIRE(other.train(1, 0, 2) == TrainEnd::finished);
  REQUIRE(other.observer.told("threads: 1 before, now 2"));
  REQUIRE(other.lines("resume").back()["threads"] == 2);
  const bool same = other.weights() == straight.weights();
  REQUIRE(same);
}

TEST_CASE("a best validation and a due checkpoint at the same step make one checkpoint") {
  Case c;
  c.config.train.keep = 100;
  c.train(1, 0);
  std::vector<Index> steps = c.steps_kept();
  REQUIRE(steps.size() >= 10);
  REQUIRE(std::adjacent_find(steps.begin(), steps.end()) == steps.end());
}

TEST_CASE("slow saves come less often, so that saving takes at most 2 % of the time") {
  REQUIRE(automatic_interval(0) == 600);
  REQUIRE(automatic_interval(12) == 600);
  for (const double save : {0.1, 12.0, 13.0, 90.0})
    REQUIRE(save / (automatic_interval(save) + save) <= kMaxSavingShare);
  REQUIRE(automatic_interval(90) == 4500);
}
