// moe-check as a user runs it, on a tiny run and its data.
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <thread>

#include "io/json.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/program.hpp"
#include "support/tiny_run.hpp"

using namespace moelm;

namespace {

/// data/ and run/ trained on it.
struct Case {
  Case() {
    const auto tokenizer = tiny_tokenizer(TokenizerKind::word, {"the", "cat", "dog", "sat"});
    put_data(data(), *tokenizer, {"the cat sat\n", "the dog\n", "dog\n"});
    put_run(run(), data(), StateKind::carry);
  }

  TemporaryDirectory directory;

  std::string data() const { return directory / "data"; }
  std::string run() const { return directory / "run"; }
  std::string checkpoint() const { return run() + "/checkpoints/step-000000000012"; }
};

ProgramResult check(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), MOELM_BIN_DIR "/moe-check");
  return run_program(arguments);
}

void flip(const std::string& path, std::size_t byte) {
  std::string bytes = get_file(path);
  bytes[byte % bytes.size()] = static_cast<char>(bytes[byte % bytes.size()] ^ 16);
  put_file(path, bytes);
}

}  // namespace

TEST_CASE("each intact path is reported as intact") {
  const Case c;
  const ProgramResult result = check({c.run(), c.data(), c.checkpoint()});
  INFO(result.out << result.err);
  REQUIRE(result.code == 0);
  REQUIRE(result.out ==
          c.run() + ": run: intact\n" + c.data() + ": data: intact\n" + c.checkpoint() + ": checkpoint: intact\n");
  REQUIRE(result.err.empty());
  REQUIRE(check({c.run(), "--quiet"}).out.empty());
}

TEST_CASE("damage is 65 with every fault, and nothing is changed or locked") {
  const Case c;
  flip(c.checkpoint() + "/model.safetensors", 200);
  flip(c.checkpoint() + "/state.json", 1);
  flip(c.run() + "/tokenizer.json", 30);
  const auto before = list_directory(c.run());
  const ProgramResult result = check({c.run()});
  REQUIRE(result.code == 65);
  REQUIRE(holds(result.out, c.run() + ": run: 3 faults\n"));
  for (const char* name : {"model.safetensors: sha256", "state.json: sha256", "tokenizer.json"})
    REQUIRE(holds(result.out, name));
  REQUIRE(list_directory(c.run()) == before);
}

TEST_CASE("a flipped byte anywhere in a checkpoint or data folder is found") {
  const Case c;
  for (const std::string& folder : {c.checkpoint(), c.data()})
    for (const std::string& name : list_directory(folder)) {
      const std::string path = folder + "/" + name;
      const std::string good = get_file(path);
      for (const std::size_t byte : {std::size_t{0}, good.size() / 3, good.size() - 1}) {
        flip(path, byte);
        INFO(path << ", byte " << byte);
        REQUIRE(check({folder}).code == 65);
        REQUIRE(check({path}).code == 65);
        put_file(path, good);
      }
    }
  REQUIRE(check({c.run(), c.data()}).code == 0);
}

TEST_CASE("scripts read the faults as JSON") {
  const Case c;
  flip(c.checkpoint() + "/model.safetensors", 200);
  const ProgramResult result = check({c.data(), c.run(), "--json"});
  REQUIRE(result.code == 65);
  const Json report = parse_json(result.out, "output");
  REQUIRE(report["intact"] == false);
  REQUIRE(report["paths"][0]["kind"] == "data");
  REQUIRE(report["paths"][0]["faults"].empty());
  REQUIRE(report["paths"][1]["faults"].size() == 1);
}

TEST_CASE("missing and unknown paths differ from damaged ones") {
  const Case c;
  REQUIRE(check({}).code == 2);
  REQUIRE(check({c.directory / "none"}).code == 66);
  std::filesystem::create_directory(c.directory / "empty");
  REQUIRE(check({c.directory / "empty"}).code == 65);
}

TEST_CASE("a missing path does not stop the others, and damage decides the exit code") {
  const Case c;
  ProgramResult result = check({c.directory / "none", c.run()});
  REQUIRE(result.code == 66);
  REQUIRE(holds(result.out, "none: missing: 1 fault\n"));
  REQUIRE(holds(result.out, c.run() + ": run: intact\n"));
  flip(c.checkpoint() + "/state.json", 1);
  result = check({c.directory / "none", c.run(), c.data()});
  REQUIRE(result.code == 65);
  REQUIRE(holds(result.out, c.data() + ": data: intact\n"));
}

TEST_CASE("a slim checkpoint is intact, with a note") {
  const Case c;
  for (const char* name : {"optimizer.safetensors", "state.safetensors"})
    std::filesystem::remove(c.checkpoint() + "/" + name);
  const ProgramResult result = check({c.run(), c.checkpoint()});
  REQUIRE(result.code == 0);
  REQUIRE(holds(result.out, c.run() + ": run: intact\n  note: " + c.checkpoint()));
  REQUIRE(holds(result.out, "cannot be resumed"));
  const ProgramResult eval = run_program({MOELM_BIN_DIR "/moe-eval", c.run(), "--data", c.data()});
  INFO(eval.err);
  REQUIRE(eval.code == 0);
}

TEST_CASE("a run is intact at every moment of its training", "[race]") {
  const Case c;
  const std::string run = c.directory / "busy";
  Program training({MOELM_BIN_DIR "/moe-train",
                    "--data",
                    c.data(),
                    "--out",
                    run,
                    "--preset",
                    "tiny",
                    "--quiet",
                    "--threads",
                    "1",
                    "--steps",
                    "1000000",
                    "--set",
                    "train.batch=1",
                    "--set",
                    "train.unroll=2",
                    "--set",
                    "train.checkpoint_every=1",
                    "--set",
                    "train.keep=1",
                    "--set",
                    "train.validate_every=3"});
  const auto newest = [&] { return get_file(run + "/checkpoints/LATEST"); };
  const auto begin = std::chrono::steady_clock::now();
  while (!std::filesystem::exists(run + "/checkpoints/LATEST")) {
    REQUIRE(std::chrono::steady_clock::now() - begin < std::chrono::minutes(1));
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  const std::string first = newest();
  for (int i = 0; i < 40; ++i) {
    const ProgramResult result = check({run});
    INFO(result.out << result.err);
    REQUIRE(result.code == 0);
  }
  REQUIRE(newest() != first);
  training.signal(SIGTERM);
  REQUIRE(training.wait() == 75);
}

TEST_CASE("hostile names do not act on the terminal") {
  const Case c;
  const std::string hostile = "{\"\x1b]0;owned\x07\": {\"dtype\": \"F32\", \"shape\": [1], \"data_offsets\": [0, 1]}}";
  const std::string bad_name = c.directory / "bad\x1b[31m.safetensors";
  std::string bytes(8, '\0');
  bytes[0] = static_cast<char>(hostile.size());
  put_file(bad_name, bytes + hostile + "x");
  std::string escaped = "{\"a\\u001b]0;owned\": {\"dtype\": \"F32\", \"shape\": [1], \"data_offsets\": [0, 1]}}";
  bytes[0] = static_cast<char>(escaped.size());
  put_file(c.directory / "b.safetensors", bytes + escaped + "x");
  const ProgramResult result = check({bad_name, c.directory / "b.safetensors"});
  REQUIRE(result.code == 65);
  REQUIRE(holds(result.out, "expected 4 bytes"));
  for (const char character : result.out + result.err)
    REQUIRE((character == '\n' || static_cast<unsigned char>(character) >= 0x20));
}
