// A run whose folder was renamed or whose lock was replaced is left unchanged.
#include <filesystem>
#include <functional>
#include <map>
#include <string>

#include "checkpoint/checkpoint_finder.hpp"
#include "io/file.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/new_run.hpp"
#include "support/temporary_directory.hpp"
#include "support/tiny_data.hpp"
#include "training/training_run.hpp"

using namespace moelm;

namespace {

/// Acts once, after a number of steps.
class ActingObserver final : public TrainObserver {
 public:
  ActingObserver(Index step, std::function<void()> act) : step_(step), act_(std::move(act)) {}
  void on_step(const StepReport& report) override {
    if (report.progress.step == step_) act_();
  }

 private:
  Index step_;
  std::function<void()> act_;
};

struct Case {
  Case() {
    put_data(data, *tiny_tokenizer(TokenizerKind::word, {"a", "b", "c"}), {"a b c a b\nb a\na b\n", "a\n", "b\n"});
    config.model = tiny_model();
    config.train.batch = 2;
    config.train.unroll = 3;
    config.train.warmup = 1;
    config.train.steps = 20;
    config.train.checkpoint_every = "2";
  }

  void train(Index steps, Index when, const std::function<void()>& act) {
    config.train.steps = steps;
    const Dataset dataset = Dataset::open(data);
    if (!run_exists(run)) put_new_run(run, config, dataset);
    Context context(1);
    ActingObserver observer(when, act);
    TrainingStart start;
    start.run = run;
    TrainingRun(context, read_run(run), dataset, start, observer).run();
  }

  /// Every file of the run with its contents.
  std::map<std::string, std::string> files() const {
    std::map<std::string, std::string> found;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(run))
      if (entry.is_regular_file()) found[entry.path().string()] = get_file(entry.path().string());
    return found;
  }

  TemporaryDirectory directory;
  std::string data = directory / "data", run = directory / "run";
  RunConfig config;
};

}  // namespace

TEST_CASE("a trainer whose folder was renamed ends, and the run in its place stays unchanged") {
  Case c;
  std::map<std::string, std::string> of_the_other;
  const auto replace = [&] {
    std::filesystem::rename(c.run, c.directory / "run.old");
    c.train(5, 0, [] {});
    of_the_other = c.files();
  };
  const auto train = [&] { c.train(20, 3, replace); };
  REQUIRE(error_exit(train) == Exit::cannot_create);
  const bool untouched = c.files() == of_the_other;
  REQUIRE(untouched);
  REQUIRE(newest_checkpoint(c.directory / "run.old", CheckpointScope::everything).checkpoint->step() == 2);
}

TEST_CASE("a trainer whose lock was taken by another process ends, even if failed saves are allowed") {
  Case c;
  c.config.train.log_every = 1000;  // nothing is written until the next save
  std::optional<RunLock> other;
  const auto train = [&] {
    c.train(20, 3, [&] {
      std::filesystem::remove(c.run + "/.lock");
      other.emplace(RunLock::acquire(c.run));
    });
  };
  REQUIRE(error_exit(train) == Exit::cannot_create);
  REQUIRE(newest_checkpoint(c.run, CheckpointScope::everything).checkpoint->step() == 2);
}

TEST_CASE("removing the lock file has no effect") {
  Case c;
  c.train(20, 3, [&] { std::filesystem::remove(c.run + "/.lock"); });
  REQUIRE(newest_checkpoint(c.run, CheckpointScope::everything).checkpoint->step() == 20);
  REQUIRE(path_exists(c.run + "/.lock"));
}
