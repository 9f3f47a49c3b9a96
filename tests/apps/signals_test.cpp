// Signals at random moments to moe-train and moe-tokenize, and kill -9 of the whole program.
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <iostream>

#include "base/random.hpp"
#include "base/stopwatch.hpp"
#include "io/json.hpp"
#include "support/campaign.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/heeding.hpp"
#include "support/program.hpp"
#include "support/tiny_data.hpp"

using namespace moelm;

namespace {

int rounds(int quick) { return long_campaign() ? 100 : quick; }

struct Case {
  Case() {
    std::string text;
    for (int i = 0; i < 300; ++i) text += i % 3 == 0 ? "the cat sat on the mat\n" : "a dog ran\n";
    put_data(directory / "data",
             *tiny_tokenizer(TokenizerKind::word, {"the", "cat", "dog", "sat", "ran", "on", "mat", "a"}),
             {text, "the dog sat\n", "a cat ran\n"});
  }

  /// moe-train with a small model, frequent validations and saves.
  std::vector<std::string> train(const std::string& name) const {
    return {MOELM_BIN_DIR "/moe-train",
            "--data",
            directory / "data",
            "--out",
            directory / name,
            "--threads",
            "1",
            "-q",
            "--steps",
            "200",
            "--preset",
            "tiny",
            "--set",
            "model.width=8",
            "--set",
            "train.batch=4",
            "--set",
            "train.unroll=5",
            "--set",
            "train.checkpoint_every=7",
            "--set",
            "train.validate_every=10"};
  }
  std::string weights(const std::string& name) const {
    const Json result = parse_json(get_file(directory / name + "/result.json"), "result.json");
    return get_file(result["checkpoint"].get<std::string>() + "/model.safetensors");
  }
  void require_intact(const std::string& name) const {
    const ProgramResult checked = run_program({MOELM_BIN_DIR "/moe-check", directory / name});
    INFO(checked.out);
    REQUIRE(checked.code == 0);
  }

  TemporaryDirectory directory;
};

double seconds_of(const std::vector<std::string>& command) {
  Stopwatch watch;
  const ProgramResult result = run_program(command);
  INFO(result.err);
  REQUIRE(result.code == 0);
  return watch.seconds();
}

}  // namespace

TEST_CASE("moe-train stops with 75 whatever it does, and goes on to the same bytes", "[signals]") {
  const Case c;
  const double seconds = seconds_of(c.train("straight"));
  const RandomStream random(1, "signals", 0);
  int stopped = 0;
  for (int i = 0; i < rounds(12); ++i) {
    Program program(c.train("run"));
    wait_until_heeding(program);
    sleep_for(seconds * random.uniform(0, i, 0) / 3);
    program.signal(kStopSignals[static_cast<std::size_t>(i) % kStopSignals.size()]);
    const ProgramResult result = program.finish();
    INFO("signal " << i << ", code " << result.code << ": " << result.err);
    REQUIRE((result.code == 75 || result.code == 0));
    stopped += result.code == 75;
    if (result.code == 0) {
      const bool same = c.weights("run") == c.weights("straight");
      REQUIRE(same);
      std::filesystem::remove_all(c.directory / "run");
    }
  }
  REQUIRE(run_program(c.train("run")).code == 0);
  const bool same = c.weights("run") == c.weights("straight");
  REQUIRE(same);
  REQUIRE(stopped > 0);
  std::cout << "moe-train stopped " << stopped << " times\n";
}

TEST_CASE("kill -9 and second signals at any time leave a run that is intact and goes on", "[signals][kill]") {
  const Case c;
  const double seconds = seconds_of(c.train("straight"));
  const RandomStream random(2, "signals", 0);
  for (int i = 0; i < rounds(12); ++i) {
    Program program(c.train("run"));
    sleep_for(seconds * random.uniform(0, i, 0) / 2);
    if (i % 2 == 0) {
      program.signal(SIGKILL);
    } else {
      program.signal(SIGTERM);
      program.signal(SIGINT);
    }
    const ProgramResult result = program.finish();
    INFO("round " << i << ": " << result.err);
    REQUIRE((result.code == 0 || result.code == 75 || result.code == 128 + SIGKILL || result.code == 128 + SIGTERM ||
             result.code == 128 + SIGINT));
    if (std::filesystem::exists(c.directory / "run/config.json")) c.require_intact("run");
    if (result.code == 0) std::filesystem::remove_all(c.directory / "run");
  }
  REQUIRE(run_program(c.train("run")).code == 0);
  const bool same = c.weights("run") == c.weights("straight");
  REQUIRE(same);
}

TEST_CASE("moe-tokenize stops with 75 and keeps nothing, or has finished; again gives the same bytes", "[signals]") {
  const TemporaryDirectory directory;
  const RandomStream random(3, "words", 0);
  std::string text;
  for (Index i = 0; i < 400000; ++i)
    text += std::to_string(static_cast<int>(random.uniform(0, i, 0) * 3000)) + (i % 9 == 0 ? "\n" : " ");
  put_file(directory / "text", text + text + text + text + text);
  const auto command = [&](const std::string& name) -> std::vector<std::string> {
    return {MOELM_BIN_DIR "/moe-tokenize",
            "--out",
            directory / name,
            "--train",
            directory / "text",
            "--tokenizer",
            "bpe",
            "--vocab-size",
            "400",
            "--threads",
            "1",
            "-q"};
  };
  const double seconds = seconds_of(command("straight"));
  int stopped = 0;
  for (int i = 0; i < rounds(9); ++i) {
    Program program(command("out"));
    wait_until_heeding(program);
    sleep_for(seconds * random.uniform(1, i, 0));
    program.signal(kStopSignals[static_cast<std::size_t>(i) % kStopSignals.size()]);
    const ProgramResult result = program.finish();
    INFO("signal " << i << ", code " << result.code << ": " << result.err);
    REQUIRE((result.code == 75 || result.code == 0));
    stopped += result.code == 75;
    REQUIRE(std::filesystem::exists(directory / "out/index.json") == (result.code == 0));
    REQUIRE_FALSE(std::filesystem::exists(directory / "out.partial"));
    std::filesystem::remove_all(directory / "out");
  }
  Program killed(command("out"));
  sleep_for(seconds / 2);
  killed.signal(SIGKILL);
  killed.finish();
  std::filesystem::remove_all(directory / "out");
  REQUIRE(run_program(command("out")).code == 0);
  for (const auto& entry : std::filesystem::directory_iterator(directory / "straight")) {
    const bool same = get_file(entry.path()) == get_file(directory / "out/" + entry.path().filename().string());
    INFO(entry.path());
    REQUIRE(same);
  }
  REQUIRE(stopped > 0);
  std::cout << "moe-tokenize stopped " << stopped << " times\n";
}

TEST_CASE("moe-tokenize stops while it waits for standard input or for the writer of a pipe", "[signals]") {
  const TemporaryDirectory directory;
  REQUIRE(::mkfifo((directory / "pipe").c_str(), 0600) == 0);
  put_file(directory / "text", "the cat sat\n");
  const auto stops = [&](const std::vector<std::string>& inputs, const std::string& begin) {
    std::vector<std::string> command = {MOELM_BIN_DIR "/moe-tokenize", "--out", directory / "out"};
    command.insert(command.end(), inputs.begin(), inputs.end());
    Program program(command);
    wait_until_heeding(program);
    program.write(begin);
    sleep_for(0.1);
    program.signal(SIGTERM);
    INFO(inputs.back() << " after " << begin.size() << " bytes");
    REQUIRE(program.wait() == 75);
    REQUIRE_FALSE(std::filesystem::exists(directory / "out"));
  };
  // Silent from the start, after a line, after the first byte of a gzip file, and in its midst.
  for (const std::string& begin :
       {std::string(), std::string("the cat\n"), std::string("\x1F"), std::string("\x1F\x8B\x08\0\0\0\0\0\0\x03", 10)})
    stops({"--train", "-"}, begin);
  stops({"--train", directory / "pipe"}, "");
  stops({"--train", directory / "text", "--valid", directory / "pipe"}, "");
  stops({"--train", directory / "text", "--tokenizer", "word", "--vocab", directory / "pipe"}, "");
}
