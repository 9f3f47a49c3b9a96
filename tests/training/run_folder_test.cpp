// A run's folder is verified before it is used: configuration, vocabulary and checkpoints have to belong together.
#include "run/run_folder.hpp"

#include <filesystem>
#include <iostream>

#include "checkpoint/checkpoint_finder.hpp"
#include "io/file.hpp"
#include "model_files/model_store.hpp"
#include "run/run_data.hpp"
#include "run/verify_path.hpp"
#include "support/catch.hpp"
#include "support/reseal.hpp"
#include "support/short_run.hpp"

using namespace moelm;

namespace {

void copy(const std::string& from, const std::string& to) {
  std::filesystem::copy(from, to, std::filesystem::copy_options::recursive);
}

std::string newest(const std::string& run) { return newest_checkpoint(run, CheckpointScope::model).checkpoint->path(); }

}  // namespace

TEST_CASE("every flipped bit of a run's config.json is noticed, and the file named", "[hostile]") {
  ShortRuns runs;
  runs.train("run", runs.fresh("run"), real_file_system(), false);
  const std::string path = runs.path("run/config.json"), good = get_file(path);
  const auto read = [&] { read_run(runs.path("run")); };
  REQUIRE(verify_path(runs.path("run")).faults.empty());
  int flips = 0;
  for (std::size_t i = 0; i < good.size(); ++i)
    for (int bit = 0; bit < 8; ++bit, ++flips) {
      std::string bad = good;
      bad[i] = static_cast<char>(bad[i] ^ (1 << bit));
      put_file(path, bad);
      const bool named = error_exit(read) != Exit::ok && holds(error_text(read), path);
      if (!named) FAIL("bit " << bit << " of byte " << i);
    }
  std::cout << "config.json: " << flips << " flipped bits, all noticed\n";
  std::string edited = good;
  put_file(path, edited.replace(edited.find("\"lr\": 0.05"), 10, "\"lr\": 0.04"));
  REQUIRE(verify_path(runs.path("run")).faults.size() == 1);
  REQUIRE(verify_path(path).faults.size() == 1);
}

TEST_CASE("a config.json of another version is refused in one line") {
  ShortRuns runs;
  runs.train("run", runs.fresh("run"), real_file_system(), false);
  const std::string path = runs.path("run/config.json"), good = get_file(path);
  const auto read = [&] { read_run(runs.path("run")); };
  std::string later = good;
  put_file(path, resealed_json(later.replace(later.find("\"version\": 1"), 12, "\"version\": 2")));
  REQUIRE(error_exit(read) == Exit::bad_config);
  REQUIRE(error_text(read) == path + ": version: expected 1, found 2; use a newer moelm");
  put_file(path, R"({"model": {}, "data": {"directory": "data"}, "version": "0.9"})");
  REQUIRE(error_exit(read) == Exit::bad_config);
  REQUIRE(holds(error_text(read), path + ": version: expected 1, found none"));
}

TEST_CASE("a checkpoint, a vocabulary or a configuration of another run is refused") {
  ShortRuns runs;
  runs.train("a", runs.fresh("a"));
  runs.config.train.seed = 9;
  runs.config.train.steps = 15;
  runs.train("b", runs.fresh("b"));
  const auto go_on = [&](const std::string& name) {
    return error_exit([&] { runs.train(name, read_run(runs.path(name))); });
  };

  copy(runs.path("a"), runs.path("with-checkpoint"));
  const std::string foreign = runs.path("with-checkpoint/checkpoints/step-000000000015");
  copy(newest(runs.path("b")), foreign);
  REQUIRE(go_on("with-checkpoint") == Exit::bad_config);
  REQUIRE(verify_path(runs.path("with-checkpoint")).faults.size() == 1);
  REQUIRE(verify_path(foreign).faults.size() == 1);
  REQUIRE(error_exit([&] { load_model(foreign); }) == Exit::bad_config);
  REQUIRE_NOTHROW(load_model(runs.path("with-checkpoint")));  // its best checkpoint is its own
  const std::string latest = get_file(runs.path("with-checkpoint/checkpoints/LATEST"));
  REQUIRE(latest == get_file(runs.path("a/checkpoints/LATEST")));

  copy(runs.path("a"), runs.path("with-config"));
  std::filesystem::copy(runs.path("b/config.json"), runs.path("with-config/config.json"),
                        std::filesystem::copy_options::overwrite_existing);
  REQUIRE(go_on("with-config") == Exit::bad_config);
  REQUIRE(error_exit([&] { load_model(runs.path("with-config")); }) == Exit::bad_config);
  REQUIRE_FALSE(verify_path(runs.path("with-config")).faults.empty());

  copy(runs.path("a"), runs.path("with-vocabulary"));
  runs.put_words("data2", {"x", "y", "z"});
  put_file(runs.path("with-vocabulary/tokenizer.json"), get_file(runs.path("data2/tokenizer.json")));
  REQUIRE(error_exit([&] { load_model(runs.path("with-vocabulary")); }) == Exit::bad_data);
  REQUIRE(verify_path(runs.path("with-vocabulary")).faults.size() == 1);
  REQUIRE(verify_path(runs.path("with-vocabulary/tokenizer.json")).faults.size() == 1);
  put_file(runs.path("with-vocabulary/tokenizer.json"), get_file(runs.path("a/tokenizer.json")));
  REQUIRE(verify_path(runs.path("with-vocabulary")).faults.empty());
  put_file(runs.path("with-vocabulary/vocab.txt"), get_file(runs.path("data2/vocab.txt")));
  REQUIRE(error_exit([&] { load_model(runs.path("with-vocabulary")); }) == Exit::bad_data);
  REQUIRE(verify_path(runs.path("with-vocabulary")).faults.size() == 1);
  REQUIRE(verify_path(runs.path("with-vocabulary/vocab.txt")).faults.size() == 1);
}

TEST_CASE("missing checkpoints are damage if any file shows that they existed") {
  ShortRuns runs;
  runs.train("run", runs.fresh("run"));
  const auto go_on = [&] { runs.train("run", read_run(runs.path("run"))); };
  for (const auto& entry : std::filesystem::directory_iterator(runs.path("run/checkpoints")))
    if (entry.is_directory()) std::filesystem::remove_all(entry.path());
  REQUIRE(error_exit(go_on) == Exit::bad_data);
  REQUIRE_FALSE(verify_path(runs.path("run")).faults.empty());
  std::filesystem::remove_all(runs.path("run/checkpoints"));
  REQUIRE(error_exit(go_on) == Exit::bad_data);
  REQUIRE(holds(error_text(go_on), "expected a checkpoint, because of has_checkpoints in config.json, found none"));
  StoredRun stored = read_run(runs.path("run"));
  stored.has_checkpoints = false;
  write_run_config(runs.path("run"), stored);
  REQUIRE(error_exit(go_on) == Exit::bad_data);  // result.json
}

TEST_CASE("a run without its configuration is damage, not a place for a new one") {
  for (const char* trace : {"checkpoints/LATEST", "metrics.jsonl", "result.json"}) {
    ShortRuns runs;
    INFO(trace);
    std::filesystem::create_directories(runs.path("run/checkpoints"));
    put_file(runs.path("run/") + trace, "x\n");
    REQUIRE(error_exit([&] { runs.train("run", runs.fresh("run")); }) == Exit::bad_data);
    REQUIRE_FALSE(path_exists(runs.path("run/config.json")));
    REQUIRE(verify_path(runs.path("run")).kind == "run");
    REQUIRE_FALSE(verify_path(runs.path("run")).faults.empty());
  }
}

TEST_CASE("a vocabulary in the folder of a new run is not replaced") {
  ShortRuns runs;
  std::filesystem::create_directory(runs.path("run"));
  put_file(runs.path("run/tokenizer.json"), "mine");
  REQUIRE(error_exit([&] { runs.train("run", runs.fresh("run")); }) == Exit::cannot_create);
  REQUIRE(list_directory(runs.path("run")) == std::vector<std::string>{"tokenizer.json"});
}

TEST_CASE("data are found by their absolute path, and beside a run that was moved with them") {
  ShortRuns runs;
  std::filesystem::create_directory(runs.path("here"));
  std::filesystem::rename(runs.path("data"), runs.path("here/data"));
  const StoredRun stored = new_run(runs.path("here/run"), runs.config, runs.data("here/data"));
  REQUIRE(stored.data.directory == runs.path("here/data"));
  REQUIRE(data_directory(runs.path("here/run"), stored.data) == runs.path("here/data"));
  std::filesystem::rename(runs.path("here"), runs.path("there"));
  std::filesystem::create_directory(runs.path("there/run"));
  REQUIRE(std::filesystem::equivalent(data_directory(runs.path("there/run"), stored.data), runs.path("there/data")));
}
