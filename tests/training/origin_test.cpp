// A run knows the origin of its initial weights and never starts from others.
#include <filesystem>

#include "checkpoint/checkpoint_finder.hpp"
#include "checkpoint/checkpoint_names.hpp"
#include "io/file.hpp"
#include "support/catch.hpp"
#include "support/faulty_file_system.hpp"
#include "support/new_run.hpp"
#include "support/short_run.hpp"

using namespace moelm;

namespace {

/// Begins a run with an origin in a process that dies before the first checkpoint: only the configuration exists.
void begin_and_die(const ShortRuns& runs, const std::string& run, OriginKind kind, const std::string& from) {
  runs.train(run, runs.fresh(run, {kind, runs.path(from), "", ""}), real_file_system(), false);
  std::filesystem::remove_all(runs.path(run) + "/checkpoints");
  StoredRun stored = read_run(runs.path(run));
  stored.has_checkpoints = false;
  write_run_config(runs.path(run), stored);
}

}  // namespace

TEST_CASE("a run that died before its first checkpoint starts again from its origin, not from random weights") {
  ShortRuns runs;
  runs.train("first", runs.fresh("first"));
  runs.config.train.steps = 20;
  for (const OriginKind kind : {OriginKind::init, OriginKind::resume}) {
    const std::string whole = "whole" + std::string(enum_name(kind)), died = "died" + std::string(enum_name(kind));
    const KeepingObserver expected = runs.train(whole, runs.fresh(whole, {kind, runs.path("first"), "", ""}));
    REQUIRE(expected.first_step == (kind == OriginKind::resume ? 13 : 1));
    begin_and_die(runs, died, kind, "first");
    const KeepingObserver found = runs.train(died, read_run(runs.path(died)));
    REQUIRE(found.first_step == expected.first_step);
    REQUIRE(found.first_loss == expected.first_loss);
    REQUIRE(read_run(runs.path(died)).has_checkpoints);
    REQUIRE(read_run(runs.path(died)).identity == read_run(runs.path(whole)).identity);
  }
}

TEST_CASE("a run that continues before its first step names the source of its weights") {
  ShortRuns runs;
  runs.train("first", runs.fresh("first"));
  const RunOrigin origin{OriginKind::init, runs.path("first"), "", ""};
  REQUIRE(holds(runs.train("run", runs.fresh("run", origin), real_file_system(), false).told, "weights of "));
  const KeepingObserver again = runs.train("run", read_run(runs.path("run")), real_file_system(), false);
  REQUIRE(holds(again.told, "weights of " + runs.path("run/checkpoints/step-000000000000")));
}

TEST_CASE("a missing or changed origin is refused, never replaced by random weights") {
  ShortRuns runs;
  runs.train("first", runs.fresh("first"));
  begin_and_die(runs, "run", OriginKind::init, "first");
  const auto go_on = [&] { runs.train("run", read_run(runs.path("run"))); };
  const std::string taken = read_run(runs.path("run")).origin.checkpoint;
  REQUIRE(is_checkpoint(taken));
  std::filesystem::rename(taken, runs.path("aside"));
  REQUIRE(error_exit(go_on) == Exit::missing_input);
  REQUIRE(holds(error_text(go_on), "origin.checkpoint: expected " + taken));
  runs.config.train.seed = 5;
  runs.train("other", runs.fresh("other"));
  std::filesystem::copy(newest_checkpoint(runs.path("other"), CheckpointScope::model).checkpoint->path(), taken);
  REQUIRE(error_exit(go_on) == Exit::bad_data);
  REQUIRE(holds(error_text(go_on), "another checkpoint is in its place"));
  std::filesystem::remove_all(taken);
  std::filesystem::rename(runs.path("aside"), taken);
  REQUIRE_NOTHROW(go_on());
}

TEST_CASE("weights of a model with other tokens are refused, and no run is begun") {
  ShortRuns runs;
  runs.train("first", runs.fresh("first"));
  runs.put_words("data2", {"b", "a", "c"});
  std::filesystem::remove_all(runs.path("data"));
  std::filesystem::rename(runs.path("data2"), runs.path("data"));
  const auto begin = [&] { runs.train("run", runs.fresh("run", {OriginKind::init, runs.path("first"), "", ""})); };
  REQUIRE(error_exit(begin) == Exit::bad_config);
  REQUIRE(holds(error_text(begin), "expected the tokenizer of " + runs.path("first")));
  REQUIRE_FALSE(path_exists(runs.path("run")));
}

TEST_CASE("a start that fails at any call leaves the folder as it was, and a second start succeeds") {
  ShortRuns runs;
  runs.train("first", runs.fresh("first"));
  for (const bool folder_there : {false, true}) {
    int call = 0;
    for (bool done = false; !done;) {
      ++call;
      if (folder_there) std::filesystem::create_directories(runs.path("deep/run"));
      FaultyFileSystem files([&](const std::string& name, int number) {
        return number >= call && (name == "open" || name == "write" || name == "mkdir") ? EMFILE : 0;
      });
      try {
        runs.train("deep/run", runs.fresh("deep/run", {OriginKind::init, runs.path("first"), "", ""}), files, false);
        done = true;
      } catch (const Error&) {
        INFO("call " << call);
        // After the rename of the first checkpoint the run exists and stays.
        done = !checkpoint_names(runs.path("deep/run/checkpoints"), real_file_system()).empty();
        if (done) break;
        REQUIRE(path_exists(runs.path("deep")) == folder_there);
        if (folder_there) REQUIRE(list_directory(runs.path("deep/run")).empty());
      }
    }
    REQUIRE(call > 20);
    runs.train("deep/run", read_run(runs.path("deep/run")));
    std::filesystem::remove_all(runs.path("deep"));
  }
}

TEST_CASE("a run that another process began or changed meanwhile is refused") {
  ShortRuns runs;
  const StoredRun late = runs.fresh("run");
  runs.train("run", runs.fresh("run"));
  REQUIRE(error_exit([&] { runs.train("run", late); }) == Exit::cannot_create);
  StoredRun seen = read_run(runs.path("run")), longer = seen;
  longer.config.train.steps = 30;
  write_run_config(runs.path("run"), longer);
  REQUIRE(error_exit([&] { runs.train("run", seen); }) == Exit::cannot_create);
  REQUIRE(read_run(runs.path("run")).config.train.steps == 30);
}
