// Forged runs: false configurations, states and checkpoints are refused by name before memory is allocated for them.
#include <cmath>
#include <cstring>
#include <functional>

#include "io/file.hpp"
#include "io/json.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/new_run.hpp"
#include "support/peak_memory.hpp"
#include "support/reseal.hpp"
#include "support/temporary_directory.hpp"
#include "support/tiny_run.hpp"
#include "training/training_run.hpp"

using namespace moelm;

namespace {

/// A run of three steps with one checkpoint, whose parts can be replaced.
struct Case {
  Case() {
    put_data(data(), *tiny_tokenizer(TokenizerKind::word, {"a", "b", "c"}), {"a b c a b\nb a\na b\n", "a\n", "b\n"});
    RunConfig config;
    config.model = tiny_model();
    config.train.batch = 2;
    config.train.unroll = 3;
    config.train.warmup = 1;
    config.train.steps = 3;
    for_each_group(config.optimizer, [](const std::string&, GroupConfig& group) {
      group.kind = OptimizerKind::factored;
      group.beta1 = 0;
    });
    put_new_run(run(), config, Dataset::open(data()));
    go_on();
    StoredRun stored = read_run(run());
    stored.config.train.steps = 6;
    write_run_config(run(), stored);
  }
  std::string data() const { return directory / "data"; }
  std::string run() const { return directory / "run"; }
  std::string checkpoint() const { return run() + "/checkpoints/step-000000000003"; }

  void go_on() const {
    const Dataset dataset = Dataset::open(data());
    Context context(1);
    TrainObserver observer;
    TrainingStart start;
    start.run = run();
    TrainingRun(context, read_run(run()), dataset, start, observer).run();
  }

  /// Replaces a file of the checkpoint and updates the manifest.
  void forge(const std::string& name, const std::string& bytes) const {
    put_file(checkpoint() + "/" + name, bytes);
    Manifest manifest = read_manifest(checkpoint(), real_file_system());
    for (ManifestFile& file : manifest.files)
      if (file.name == name) file.bytes = static_cast<Index>(bytes.size()), file.sha256 = sha256_hex(bytes);
    put_file(checkpoint() + "/MANIFEST.json", manifest_text(manifest));
  }
  void forge_state(const std::function<void(Json&)>& change) const {
    Json state = read_json(checkpoint() + "/state.json");
    change(state);
    forge("state.json", json_text(state));
  }

  TemporaryDirectory directory;
};

}  // namespace

TEST_CASE("a forged state is refused with the field", "[hostile]") {
  const std::vector<std::pair<std::function<void(Json&)>, std::string>> changes = {
      {[](Json& s) { s["more"] = 1; }, "more: unknown key"},
      {[](Json& s) { s.erase("seconds"); }, "seconds: missing"},
      {[](Json& s) { s["step"] = 4; }, "step: expected an integer from 3 to 3, found 4"},
      {[](Json& s) { s["step"] = -3; }, "step: expected an integer"},
      {[](Json& s) { s["tokens"] = 1e30; }, "tokens: expected an integer"},
      {[](Json& s) { s["seconds"] = "NaN"; }, "seconds: expected a number"},
      {[](Json& s) { s["seconds"] = -1; }, "seconds: expected a number from 0"},
      {[](Json& s) { s["schedule"]["plateau_factor"] = -1e300; }, "schedule.plateau_factor: expected a number from 0"},
      {[](Json& s) { s["position"]["batch"] = Index{1} << 49; }, "position.batch: expected an integer from 0 to"},
      {[](Json& s) { s["position"] = 7; }, "position: expected an object"},
      {[](Json& s) { s["metrics"]["bytes"] = -1; }, "metrics.bytes: expected an integer"}};
  const Case c;
  const std::string good = get_file(c.checkpoint() + "/state.json");
  for (const auto& [change, expected] : changes) {
    c.forge("state.json", good);
    c.forge_state(change);
    const auto action = [&] { c.go_on(); };
    INFO(expected);
    CHECK(error_exit(action) == Exit::bad_data);
    CHECK(holds(error_text(action), "state.json: " + expected));
  }
  c.forge("state.json", good);
  REQUIRE_NOTHROW(c.go_on());
}

TEST_CASE("last update steps after the checkpoint, or before step 0, are refused", "[hostile]") {
  for (const std::int64_t bad : {std::int64_t{4}, std::int64_t{-1}, INT64_MAX, INT64_MIN}) {
    const Case c;
    std::string bytes = get_file(c.checkpoint() + "/optimizer.safetensors");
    const auto file = SafetensorsFile::open(c.checkpoint() + "/optimizer.safetensors");
    const StoredTensor* tensor = file.find("layers.2.experts.last_step");
    REQUIRE(tensor != nullptr);
    Index data = file.file().size();
    for (const StoredTensor& t : file.tensors()) data -= t.bytes;
    std::memcpy(bytes.data() + data + tensor->begin + 8, &bad, 8);
    c.forge("optimizer.safetensors", bytes);
    const auto action = [&] { c.go_on(); };
    CHECK(error_exit(action) == Exit::bad_data);
    CHECK(holds(
        error_text(action),
        "tensor layers.2.experts.last_step: element 1: expected a step from 0 to 3, found " + std::to_string(bad)));
  }
}

TEST_CASE("a configuration that claims a larger model than the checkpoint holds allocates no memory", "[hostile]") {
  const Case c;
  const std::string path = c.run() + "/config.json", good = get_file(path);
  const auto load = [&] { load_model(c.run()); };
  REQUIRE_NOTHROW(load());
  const std::pair<const char*, const char*> claims[] = {{"\"cells\": 8", "\"cells\": 100000"},
                                                        {"\"cells\": 8", "\"cells\": 4611686018427387904"},
                                                        {"\"experts\": 4", "\"experts\": 1000000000000"},
                                                        {"\"width\": 8", "\"width\": 1000000000"},
                                                        {"\"vocabulary\": 5", "\"vocabulary\": 2000000000"}};
  for (const auto& [from, to] : claims) {
    std::string text = good;
    REQUIRE(text.find(from) != std::string::npos);
    put_file(path, resealed_json(text.replace(text.find(from), std::string(from).size(), to)));
    INFO(to);
    CHECK(error_exit(load) == Exit::bad_config);
    if (memory_is_ours()) CHECK(peak_growth(load) < Index{64} << 20);
  }
  const std::pair<const char*, const char*> changes[] = {{"\"vocabulary\": 5", "\"vocabulary\": -5"},
                                                         {"\"vocabulary\": 5", "\"vocabulary\": 5, \"more\": 1"},
                                                         {"\"data\": {", "\"data\": {}, \"data\": {"},
                                                         {"\"data\": {", "\"data\": [{"}};
  for (const auto& [from, to] : changes) {
    std::string text = good;
    put_file(path, resealed_json(text.replace(text.find(from), std::string(from).size(), to)));
    INFO(to);
    CHECK(error_exit(load) == Exit::bad_data);
    CHECK(holds(error_text(load), path));
  }
}

TEST_CASE("links in a run are refused", "[hostile]") {
  const Case c;
  const std::string other = c.directory / "elsewhere";
  std::filesystem::copy(c.checkpoint(), other, std::filesystem::copy_options::recursive);
  std::filesystem::create_directory_symlink(other, c.run() + "/checkpoints/step-000000000009");
  const FoundCheckpoint found = newest_checkpoint(c.run(), CheckpointScope::everything);
  REQUIRE(found.checkpoint.has_value());
  CHECK(found.checkpoint->step() == 3);
  CHECK(holds(found.warnings.at(0), "step-000000000009: expected a directory, found a link"));
  for (const char* name : {"config.json", "tokenizer.json", "vocab.txt"}) {
    const std::string path = c.run() + "/" + name;
    std::filesystem::rename(path, c.directory / name);
    std::filesystem::create_symlink(c.directory / name, path);
    const auto load = [&] { load_model(c.run()); };
    CHECK(error_exit(load) == Exit::bad_data);
    CHECK(holds(error_text(load), std::string(name) + ": expected a regular file, found a symbolic link"));
    std::filesystem::remove(path);
    std::filesystem::rename(c.directory / name, path);
  }
}

TEST_CASE("a text of one token and a vocabulary of two words train with finite numbers", "[odd-text]") {
  const TemporaryDirectory directory;
  put_data(directory / "data", *tiny_tokenizer(TokenizerKind::word, {}), {"\n", "\n", "\n"});
  const Dataset data = Dataset::open(directory / "data");
  REQUIRE(data.tokens(Split::train) == 1);
  for (const StateKind state : {StateKind::carry, StateKind::reset}) {
    INFO(enum_name(state));
    RunConfig config;
    config.model = tiny_model();
    config.train.state = state;
    config.train.warmup = 1;
    config.train.steps = 30;
    config.train.lr = 0.1;
    const std::string run = directory / std::string(enum_name(state));
    put_new_run(run, config, data);
    Context context(1);
    TrainObserver observer;
    TrainingStart start;
    start.run = run;
    TrainingRun training(context, read_run(run), data, start, observer);
    REQUIRE(training.run() == TrainEnd::finished);
    const Json result = training.result();
    CHECK(result["valid_nll"].get<double>() >= 0);
    CHECK(result["valid_nll"].get<double>() < std::log(2.0));
  }
}
