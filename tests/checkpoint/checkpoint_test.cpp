// Checkpoints are read as they were saved. Damage anywhere is noticed, named, and answered with the previous one.
#include "checkpoint/checkpoint_store.hpp"

#include <limits>
#include <vector>

#include "checkpoint/tiny_checkpoint.hpp"
#include "checkpoint/verify.hpp"
#include "io/checksum.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/temporary_directory.hpp"

using namespace moelm;

namespace {

constexpr const char* kOld = "checkpoints/step-000000000001";
constexpr const char* kNew = "checkpoints/step-000000000002";

void save(CheckpointStore& store, Index step, bool best = false, Index keep = 100) {
  store.save(TinyCheckpoint(step).contents(), {best, keep});
}

FoundCheckpoint newest(const TemporaryDirectory& run) {
  return newest_checkpoint(run.path(), CheckpointScope::everything);
}

std::vector<std::string> names_in(const TemporaryDirectory& run) { return list_directory(run / "checkpoints"); }

}  // namespace

TEST_CASE("a checkpoint is read as it was saved, and the folder holds nothing else") {
  TemporaryDirectory run;
  CheckpointStore store(run.path());
  REQUIRE_FALSE(store.resume().checkpoint.has_value());
  const SavedCheckpoint saved = store.save(TinyCheckpoint(1).contents(), {true, 3});
  REQUIRE(saved.warnings.empty());
  REQUIRE(names_in(run) == std::vector<std::string>{"BEST", "LATEST", "step-000000000001"});
  REQUIRE(list_directory(run / kOld) == std::vector<std::string>{"MANIFEST.json", "model.safetensors",
                                                                 "optimizer.safetensors", "state.json",
                                                                 "state.safetensors"});
  const FoundCheckpoint found = newest(run);
  REQUIRE(found.warnings.empty());
  REQUIRE(found.checkpoint->step() == 1);
  REQUIRE(is_tiny(*found.checkpoint));
  REQUIRE(run_faults(run.path()).empty());
  const std::string line = get_file(run / "checkpoints/LATEST");
  REQUIRE(line == "step-000000000001 " + found.checkpoint->manifest_sha256() + "\n");
  REQUIRE(get_file(run / "checkpoints/BEST") == line);
}

TEST_CASE("every flipped byte of every file is noticed and the checkpoint before is taken") {
  TemporaryDirectory run;
  CheckpointStore store(run.path());
  save(store, 1);
  save(store, 2);
  for (const std::string& name : list_directory(run / kNew)) {
    const std::string path = run / kNew + "/" + name;
    const std::string good = get_file(path);
    for (std::size_t i = 0; i < good.size(); ++i) {
      std::string bad = good;
      bad[i] = static_cast<char>(bad[i] ^ (1 << (i % 8)));
      put_file(path, bad);
      const FoundCheckpoint found = newest(run);
      REQUIRE(found.checkpoint->step() == 1);
      REQUIRE(holds(found.warnings.at(0), path));
    }
    for (const std::string& bad : {good.substr(0, good.size() - 1), good + "x", std::string()}) {
      put_file(path, bad);
      REQUIRE(newest(run).checkpoint->step() == 1);
      REQUIRE_FALSE(run_faults(run.path()).empty());
    }
    std::filesystem::remove(path);
    REQUIRE(newest(run).checkpoint->step() == 1);
    std::filesystem::create_symlink(run / kOld + "/" + name, path);
    REQUIRE(newest(run).checkpoint->step() == 1);
    std::filesystem::remove(path);
    put_file(path, good);
    REQUIRE(newest(run).checkpoint->step() == 2);
  }
  REQUIRE(is_tiny(*newest(run).checkpoint));
}

TEST_CASE("if no checkpoint is intact, every reason is reported and nothing starts again") {
  TemporaryDirectory run;
  CheckpointStore store(run.path());
  save(store, 1);
  save(store, 2);
  put_file(run / kOld + "/state.json", "{}");
  put_file(run / kNew + "/model.safetensors", "");
  const auto load = [&] { newest(run); };
  REQUIRE(error_exit(load) == Exit::bad_data);
  REQUIRE(holds(error_text(load), std::string(kOld) + "/state.json: size"));
  REQUIRE(holds(error_text(load), std::string(kNew) + "/model.safetensors: size"));
  REQUIRE(error_exit([&] { CheckpointStore(run.path()).resume(); }) == Exit::bad_data);
}

TEST_CASE("a checkpoint of a later version is not skipped") {
  TemporaryDirectory run;
  CheckpointStore store(run.path());
  save(store, 1);
  save(store, 2);
  std::string body = get_file(run / kNew + "/MANIFEST.json");
  body = body.substr(0, body.rfind(",\n \"checksum\""));
  body.replace(body.find("\"version\": 1"), 12, "\"version\": 2");
  put_file(run / kNew + "/MANIFEST.json", body + ",\n \"checksum\": \"" + sha256_hex(body + "\n}") + "\"\n}\n");
  REQUIRE(error_exit([&] { newest(run); }) == Exit::bad_config);
}

TEST_CASE("a checkpoint under another's name is refused") {
  TemporaryDirectory run;
  CheckpointStore store(run.path());
  save(store, 1);
  std::filesystem::copy(run / kOld, run / kNew, std::filesystem::copy_options::recursive);
  const FoundCheckpoint found = newest(run);
  REQUIRE(found.checkpoint->step() == 1);
  REQUIRE(holds(found.warnings.at(0), "name: expected step-000000000002, found step-000000000001"));
}

TEST_CASE("LATEST and BEST are only hints, and lost ones are noticed") {
  TemporaryDirectory run;
  CheckpointStore store(run.path());
  save(store, 1, true);
  save(store, 2);
  const auto best = [&] { return best_checkpoint(run.path(), CheckpointScope::model); };
  REQUIRE(best().checkpoint->step() == 1);
  for (const std::string& bad :
       {std::string("nonsense"), std::string(), std::string("../../x abc\n"),
        "step-000000000007 " + std::string(64, '0') + "\n", "step-000000000001 " + std::string(64, '0') + "\n"}) {
    put_file(run / "checkpoints/LATEST", bad);
    put_file(run / "checkpoints/BEST", bad);
    REQUIRE(newest(run).checkpoint->step() == 2);
    REQUIRE(newest(run).warnings.size() == 1);
    REQUIRE(best().checkpoint->step() == 1);  // known from the newest manifest
    REQUIRE(run_faults(run.path()).size() == 2);
  }
  std::filesystem::remove(run / "checkpoints/LATEST");
  std::filesystem::remove(run / "checkpoints/BEST");
  REQUIRE(newest(run).warnings.empty());
  REQUIRE(best().checkpoint->step() == 1);
  CheckpointStore(run.path()).resume();
  REQUIRE(get_file(run / "checkpoints/BEST").substr(0, 17) == "step-000000000001");
  REQUIRE(get_file(run / "checkpoints/LATEST").substr(0, 17) == "step-000000000002");
}

TEST_CASE("after falling back to an older checkpoint, the best is the one it knew") {
  TemporaryDirectory run;
  {
    CheckpointStore store(run.path());
    save(store, 1);
    save(store, 2, true);
  }
  put_file(run / kNew + "/state.json", "{}");
  CheckpointStore store(run.path());
  REQUIRE(store.resume().checkpoint->step() == 1);
  REQUIRE(best_checkpoint(run.path(), CheckpointScope::model).checkpoint->step() == 1);
  save(store, 2);
  REQUIRE(newest(run).checkpoint->path() == run / "checkpoints/step-000000000002-1");
}

TEST_CASE("a path may be a run, a checkpoint or neither") {
  TemporaryDirectory run;
  const auto step_of = [](const std::string& path) {
    return find_checkpoint(path, WhichCheckpoint::best, CheckpointScope::model).checkpoint->step();
  };
  REQUIRE(error_exit([&] { step_of(run.path()); }) == Exit::missing_input);
  REQUIRE(error_exit([&] { step_of(run / "none"); }) == Exit::missing_input);
  CheckpointStore store(run.path());
  save(store, 1, true);
  save(store, 2);
  REQUIRE(step_of(run.path()) == 1);
  REQUIRE(step_of(run / kNew) == 2);
  REQUIRE(find_checkpoint(run.path(), WhichCheckpoint::newest, CheckpointScope::model).checkpoint->step() == 2);
  std::filesystem::rename(run / kNew, run / "kept");
  REQUIRE(step_of(run / "kept") == 2);
}

TEST_CASE("numbers that are not finite are refused with tensor and element, and nothing is written") {
  TemporaryDirectory run;
  CheckpointStore store(run.path());
  TinyCheckpoint bad(3);
  bad.moments[5] = std::numeric_limits<float>::quiet_NaN();
  const auto attempt = [&] { store.save(bad.contents(), {}); };
  REQUIRE(error_exit(attempt) == Exit::diverged);
  REQUIRE(holds(error_text(attempt), "step 3: tensor \"layers.0.weight.m\": element 5"));
  REQUIRE(names_in(run).empty());
}

TEST_CASE("the newest and the best are kept, the others are not") {
  TemporaryDirectory run;
  CheckpointStore store(run.path());
  for (Index step = 1; step <= 6; ++step) save(store, step, step == 2, 3);
  REQUIRE(names_in(run) == std::vector<std::string>{"BEST", "LATEST", "step-000000000002", "step-000000000004",
                                                    "step-000000000005", "step-000000000006"});
  save(store, 7, false, 1);
  REQUIRE(names_in(run) == std::vector<std::string>{"BEST", "LATEST", "step-000000000002", "step-000000000007"});
}

TEST_CASE("a damaged checkpoint does not count among those kept") {
  TemporaryDirectory run;
  CheckpointStore store(run.path());
  for (Index step = 1; step <= 3; ++step) save(store, step);
  put_file(run / "checkpoints/step-000000000003/model.safetensors", "short");
  save(store, 4, false, 2);
  REQUIRE(names_in(run) ==
          std::vector<std::string>{"LATEST", "step-000000000002", "step-000000000003", "step-000000000004"});
}

TEST_CASE("every fault of a run is listed") {
  TemporaryDirectory run;
  CheckpointStore store(run.path());
  save(store, 1, true);
  save(store, 2);
  put_file(run / "result.json", "{\"a\": 1, \"a\": 2}");
  put_file(run / "metrics.jsonl", "{}\nx\n{\"torn");
  put_file(run / kOld + "/model.safetensors", "x");
  put_file(run / kOld + "/state.json", "x");
  put_file(run / kNew + "/extra", "x");
  auto faults = run_faults(run.path());
  REQUIRE(faults.size() == 5);
  put_file(run / kOld + "/MANIFEST.json", "{}");
  put_file(run / kNew + "/optimizer.safetensors", "x");
  faults = run_faults(run.path());
  REQUIRE(faults.size() == 8);  // with the manifest, BEST, which named it, and the third file
  for (const std::string& fault : faults) REQUIRE(fault.rfind(run.path(), 0) == 0);
}
