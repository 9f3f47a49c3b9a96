// What a writer of checkpoints removes, and what it never touches.
#include "checkpoint/checkpoint_removal.hpp"

#include <cerrno>
#include <vector>

#include "checkpoint/checkpoint_store.hpp"
#include "checkpoint/tiny_checkpoint.hpp"
#include "checkpoint/verify.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/temporary_directory.hpp"

using namespace moelm;

namespace {

constexpr const char* kOld = "checkpoints/step-000000000001";

void save(CheckpointStore& store, Index step, bool best = false, Index keep = 100) {
  store.save(TinyCheckpoint(step).contents(), {best, keep});
}

FoundCheckpoint newest(const TemporaryDirectory& run) {
  return newest_checkpoint(run.path(), CheckpointScope::everything);
}

std::vector<std::string> names_in(const TemporaryDirectory& run) { return list_directory(run / "checkpoints"); }

}  // namespace

TEST_CASE("the next writer removes leftovers of interrupted saves and follows no links") {
  TemporaryDirectory run, elsewhere;
  put_file(elsewhere / "precious", "1");
  std::filesystem::create_directories(run / "checkpoints/.tmp-step-000000000001-77-0");
  put_file(run / "checkpoints/.tmp-step-000000000001-77-0/model.safetensors", "half");
  put_file(run / "checkpoints/.tmp-LATEST-77-0", "half");
  put_file(run / ".tmp-config.json-77-0", "half");
  put_file(run / ".tmp-metrics.jsonl", "half");
  std::filesystem::create_directories(run / "checkpoints/.tmp-del-step-000000000002-1");
  put_file(run / "checkpoints/.tmp-del-step-000000000002-1/state.json", "half");
  std::filesystem::create_symlink(elsewhere.path(), run / "checkpoints/.tmp-step-000000000003-77-0");
  std::filesystem::create_symlink(elsewhere / "precious", run / ".tmp-result.json-77-0");
  CheckpointStore store(run.path());
  REQUIRE(names_in(run) == std::vector<std::string>{".tmp-step-000000000003-77-0"});
  REQUIRE(list_directory(run.path()) == std::vector<std::string>{".tmp-result.json-77-0", "checkpoints"});
  REQUIRE(get_file(elsewhere / "precious") == "1");
  REQUIRE(store.resume().warnings.empty());
}

TEST_CASE("a writer removes nothing that it did not make, whatever its name") {
  TemporaryDirectory run;
  const std::vector<std::string> files = {".tmp-notes",
                                          ".tmp-config.json",
                                          ".tmp-config.json-1",
                                          ".tmp-config.json-a-0",
                                          ".tmp-thesis.tex-1-0",
                                          "checkpoints/.tmp-x",
                                          "checkpoints/.tmp-LATEST",
                                          "checkpoints/.tmp-step-1-0",
                                          "checkpoints/.tmp-config.json-1-0",
                                          "checkpoints/.tmp-mine/thesis.tex",
                                          ".tmp-step-000000000001-77-0/model.safetensors",
                                          "checkpoints/.tmp-step-000000000001-77-0/thesis.tex",
                                          "checkpoints/.tmp-step-000000000001-77-0/model.safetensors",
                                          "checkpoints/.tmp-step-000000000002-77-0/state.json/inner",
                                          "checkpoints/.tmp-del-step-000000000001/thesis.tex",
                                          "checkpoints/.tmp-del-mine/model.safetensors"};
  for (const std::string& name : files) {
    std::filesystem::create_directories(parent_path(run / name));
    put_file(run / name, "1");
  }
  CheckpointStore store(run.path());
  for (Index step = 1; step <= 3; ++step) save(store, step, false, 1);
  for (const std::string& name : files) {
    INFO(name);
    REQUIRE(get_file(run / name) == "1");
  }
  const std::vector<std::string> warnings = store.resume().warnings;
  REQUIRE(warnings.size() == 3);  // for those with names like our own folders
  for (const std::string& warning : warnings) REQUIRE(holds(warning, "it is left as it is"));
}

TEST_CASE("a run's checkpoints may not be a link: refused, and nothing behind it is touched") {
  TemporaryDirectory run, elsewhere;
  {
    CheckpointStore store(elsewhere.path());
    save(store, 1);
  }
  put_file(elsewhere / "checkpoints/.tmp-LATEST-1-0", "1");
  std::filesystem::create_symlink(elsewhere / "checkpoints", run / "checkpoints");
  REQUIRE(error_exit([&] { CheckpointStore(run.path()); }) == Exit::bad_data);
  REQUIRE(error_exit([&] { newest(run); }) == Exit::bad_data);
  REQUIRE(run_faults(run.path()).size() == 1);
  REQUIRE(get_file(elsewhere / "checkpoints/.tmp-LATEST-1-0") == "1");
}

TEST_CASE("a checkpoint that cannot be removed stops neither the others nor the next save, and is reported once") {
  TemporaryDirectory run;
  struct Stuck : FileSystem {
    int rename(const char* from, const char* to) override {
      if (!holds(from, "step-000000000002")) return FileSystem::rename(from, to);
      errno = EXDEV;
      return -1;
    }
    int unlink(const char* path) override {
      if (!holds(path, "del-step-000000000003")) return FileSystem::unlink(path);
      errno = EIO;
      return -1;
    }
  } stuck;
  CheckpointStore store(run.path(), stuck);
  std::vector<std::string> warnings;
  for (Index step = 1; step <= 8; ++step) {
    const SavedCheckpoint saved = store.save(TinyCheckpoint(step).contents(), {false, step < 4 ? 3 : 1});
    warnings.insert(warnings.end(), saved.warnings.begin(), saved.warnings.end());
  }
  REQUIRE(names_in(run) ==
          std::vector<std::string>{".tmp-del-step-000000000003", "LATEST", "step-000000000002", "step-000000000008"});
  REQUIRE(warnings.size() == 2);
  REQUIRE(holds(warnings[0], "step-000000000002 stays"));
  REQUIRE(holds(warnings[1], ".tmp-del-step-000000000003: could not be removed"));
}

TEST_CASE("a checkpoint that holds a foreign file is not removed") {
  TemporaryDirectory run;
  CheckpointStore store(run.path());
  save(store, 1);
  put_file(run / kOld + "/notes.txt", "thesis");
  const SavedCheckpoint saved = store.save(TinyCheckpoint(2).contents(), {false, 1});
  REQUIRE(saved.warnings.size() == 1);
  REQUIRE(holds(saved.warnings[0], "holds notes.txt"));
  save(store, 3, false, 1);
  REQUIRE(get_file(run / kOld + "/notes.txt") == "thesis");
  REQUIRE(names_in(run) == std::vector<std::string>{"LATEST", "step-000000000001", "step-000000000003"});
}

TEST_CASE("the newest sound checkpoint stays until a newer one is known to be sound") {
  TemporaryDirectory run;
  CheckpointStore store(run.path());
  const auto save_unproven = [&](Index step, Index sound, Index keep) {
    return store.save(TinyCheckpoint(step).contents(), {false, keep, sound});
  };
  for (Index step = 1; step <= 3; ++step) save_unproven(step, step - 1, 2);
  REQUIRE_FALSE(save_unproven(4, 3, 2).prune_again);
  for (Index step = 5; step <= 9; ++step) REQUIRE(save_unproven(step, 3, 2).prune_again);
  REQUIRE(names_in(run) ==
          std::vector<std::string>{"LATEST", "step-000000000003", "step-000000000008", "step-000000000009"});
  REQUIRE(store.prune({false, 1, 9}).empty());
  REQUIRE(names_in(run) == std::vector<std::string>{"LATEST", "step-000000000009"});
}

TEST_CASE("of two checkpoints of one step only the newer one counts and stays") {
  TemporaryDirectory run;
  CheckpointStore store(run.path());
  for (Index step = 1; step <= 3; ++step) save(store, step, false, 3);
  save(store, 3, false, 3);
  REQUIRE(names_in(run) ==
          std::vector<std::string>{"LATEST", "step-000000000001", "step-000000000002", "step-000000000003-1"});
}

TEST_CASE("other entries do not use up checkpoint names, and running out of names is reported") {
  TemporaryDirectory run;
  std::filesystem::create_directories(run / "checkpoints/step-000000000001-999999999");
  CheckpointStore store(run.path());
  save(store, 1);
  REQUIRE(newest(run).checkpoint->path() == run / kOld);
  const auto too_late = [&] { save(store, CheckpointName::kMaxStep + 1); };
  REQUIRE(error_exit(too_late) == Exit::bad_data);
  REQUIRE(holds(error_text(too_late), "no name is left"));
}
