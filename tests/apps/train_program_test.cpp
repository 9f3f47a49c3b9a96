// moe-train as a user runs it, on a tiny data folder.
#include <chrono>
#include <cmath>
#include <csignal>
#include <filesystem>
#include <map>
#include <sstream>
#include <thread>

#include "io/json.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/program.hpp"
#include "support/tiny_data.hpp"

using namespace moelm;

namespace {

/// A data folder, and moe-train with a very small model.
struct Case {
  Case() {
    std::string text;
    for (int i = 0; i < 200; ++i) text += i % 3 == 0 ? "the cat sat on the mat\n" : "a dog ran\n";
    const auto tokenizer =
        tiny_tokenizer(TokenizerKind::word, {"the", "cat", "dog", "sat", "ran", "on", "mat", "a"}, 0);
    put_data(data(), *tokenizer, {text, "the dog sat\n", "a cat ran\n"});
  }

  std::string data() const { return directory / "data"; }
  std::string path(const std::string& name) const { return directory / name; }

  /// moe-train --out NAME with a model of width 8.
  std::vector<std::string> command(const std::string& name, const std::vector<std::string>& more) const {
    std::vector<std::string> words = {MOELM_BIN_DIR "/moe-train",
                                      "--data",
                                      data(),
                                      "--out",
                                      path(name),
                                      "--threads",
                                      "1",
                                      "--preset",
                                      "tiny",
                                      "--set",
                                      "model.width=8",
                                      "--set",
                                      "train.batch=4",
                                      "--set",
                                      "train.unroll=5"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  ProgramResult train(const std::string& name, const std::vector<std::string>& more) const {
    return run_program(command(name, more));
  }
  /// moe-train --out NAME without the options that began the run.
  ProgramResult go_on(const std::string& name, std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {MOELM_BIN_DIR "/moe-train", "--out", path(name), "--threads", "1"});
    return run_program(more);
  }
  std::string weights(const std::string& name) const {
    const Json result = parse_json(get_file(path(name) + "/result.json"), "result.json");
    return get_file(result["checkpoint"].get<std::string>() + "/model.safetensors");
  }

  TemporaryDirectory directory;
};

std::vector<Json> lines_of(const std::string& path) {
  std::vector<Json> lines;
  std::istringstream text(get_file(path));
  for (std::string line; std::getline(text, line);) lines.push_back(parse_json(line, path));
  return lines;
}

/// The loss of every step in metrics.jsonl.
std::map<Index, double> losses(const std::string& path) {
  std::map<Index, double> by_step;
  for (const Json& line : lines_of(path))
    if (line.contains("grad_norm")) by_step[line["step"].get<Index>()] = line["loss"].get<double>();
  return by_step;
}

void wait_for_steps(const std::string& metrics) {
  for (int i = 0; i < 12000 && get_file(metrics).empty(); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
}

}  // namespace

TEST_CASE("training leaves a run, prints its result on stdout and all else on stderr") {
  const Case c;
  const ProgramResult result = c.train("run", {"--steps", "12", "--json"});
  INFO(result.err);
  REQUIRE(result.code == 0);
  const Json json = parse_json(result.out, "stdout");
  REQUIRE(json == parse_json(get_file(c.path("run/result.json")), "result.json"));
  REQUIRE(json["last_step"] == 12);
  REQUIRE(json["valid_perplexity"].get<double>() == Approx(std::exp(json["valid_nll"].get<double>())));
  for (const char* part : {"1 thread (--threads)", "MemAvailable", "1,001 training tokens", "<unk> never occurs",
                           "12 steps of at most 20 tokens"})
    REQUIRE(holds(result.err, part));
  REQUIRE(losses(c.path("run/metrics.jsonl")).size() == 12);
  REQUIRE(std::filesystem::exists(c.path("run/tokenizer.json")));
  REQUIRE(lines_of(c.path("run/metrics.jsonl")).front()["moe"][0].contains("cv_importance"));

  const ProgramResult again = c.go_on("run");
  REQUIRE(again.code == 0);
  REQUIRE(holds(again.err, "finished at step 12"));
  const ProgramResult more = c.go_on("run", {"--steps", "14", "-q"});
  REQUIRE(more.code == 0);
  REQUIRE(more.err.empty());
  REQUIRE(holds(more.out, "trained 14 steps"));
}

TEST_CASE("a finished run that was killed before it wrote its result is given one, and keeps the one it has") {
  const Case c;
  REQUIRE(c.train("run", {"--steps", "5", "-q"}).code == 0);
  const std::string path = c.path("run/result.json"), written = get_file(path);
  Json of_earlier = parse_json(written, path);
  of_earlier["last_step"] = 3;
  const auto put_earlier = [&] { put_file(path, json_text(of_earlier)); };
  const auto put_broken = [&] { put_file(path, "{\"last_"); };
  const auto remove = [&] { std::filesystem::remove(path); };
  for (const std::function<void()>& spoil : {std::function<void()>(remove), {put_broken}, {put_earlier}}) {
    spoil();
    REQUIRE(c.go_on("run", {"-q"}).code == 0);
    Json again = parse_json(get_file(path), path), before = parse_json(written, path);
    for (const char* time : {"seconds", "saving_seconds"}) again.erase(time), before.erase(time);  // of the last save
    REQUIRE(again == before);
  }
  Json marked = parse_json(written, path);
  marked["seconds"] = 1.5;
  put_file(path, json_text(marked));
  REQUIRE(c.go_on("run", {"-q"}).code == 0);
  REQUIRE(get_file(path) == json_text(marked));
}

TEST_CASE("a run that is stopped and continued ends with the same bytes as one that is not") {
  const Case c;
  REQUIRE(c.train("straight", {"--steps", "300", "-q"}).code == 0);
  Program first(c.command("stopped", {"--steps", "300"}));
  wait_for_steps(c.path("stopped/metrics.jsonl"));
  const ProgramResult second = c.train("stopped", {"--steps", "300"});
  REQUIRE(second.code == 73);  // locked by the first
  first.signal(SIGTERM);
  const ProgramResult stopped = first.finish();
  INFO(stopped.err);
  REQUIRE(stopped.code == 75);
  REQUIRE(holds(stopped.err, "continue with: moe-train --out "));
  REQUIRE(losses(c.path("stopped/metrics.jsonl")).size() < 300);
  REQUIRE(c.go_on("stopped", {"-q"}).code == 0);
  REQUIRE(c.weights("stopped") == c.weights("straight"));
  REQUIRE(losses(c.path("stopped/metrics.jsonl")) == losses(c.path("straight/metrics.jsonl")));
}

TEST_CASE("what was typed differently for a run that exists is refused, and the run stays as it is") {
  const Case c;
  REQUIRE(c.train("run", {"--steps", "3", "-q"}).code == 0);
  const std::string before = get_file(c.path("run/config.json"));
  const ProgramResult changed = c.go_on("run", {"--set", "train.lr=0.5"});
  REQUIRE(changed.code == 78);
  REQUIRE(changed.err ==
          "error: train.lr: expected 0.004 as in the run, found 0.5; use another --out for another run\n");
  REQUIRE(c.go_on("run", {"--resume", "never"}).code == 73);
  REQUIRE(c.go_on("run", {"--set", "train.sed=1"}).code == 2);
  REQUIRE(get_file(c.path("run/config.json")) == before);
  const std::string other = c.path("other");
  put_data(other, *tiny_tokenizer(TokenizerKind::word, {"x"}), {"x x\n", "x\n", "x\n"});
  const ProgramResult elsewhere = c.go_on("run", {"--data", other});
  REQUIRE(elsewhere.code == 78);
  REQUIRE(holds(elsewhere.err, "index_sha256"));
}

TEST_CASE("the best validation perplexity is what moe-eval gives for the validation split") {
  const Case c;
  for (const char* state : {"carry", "reset"})
    for (const char* gate : {"noisy-top-k", "balanced"}) {
      const std::string name = std::string(state) + gate, dtype = name == "carrybalanced" ? "bf16" : "f32";
      CAPTURE(state, gate, dtype);
      const ProgramResult trained =
          c.train(name, {"--steps", "40", "--json", "-q", "--dtype", dtype, "--set",
                         std::string("train.state=") + state, "--set", std::string("moe.gate=") + gate, "--set",
                         "train.validate_every=7", "--set", "train.lr=0.05"});
      REQUIRE(trained.code == 0);
      const Json result = parse_json(trained.out, "stdout");
      for (const char* threads : {"1", "3"}) {
        const ProgramResult scored = run_program({MOELM_BIN_DIR "/moe-eval", c.path(name), "--split", "valid", "--json",
                                                  "--threads", threads, "--dtype", dtype});
        REQUIRE(scored.code == 0);
        const Json summary = parse_json(scored.out, "stdout");
        REQUIRE(summary["step"] == result["best_step"]);
        REQUIRE(summary["perplexity"].get<double>() == Approx(result["valid_perplexity"].get<double>()).epsilon(1e-12));
      }
    }
}

TEST_CASE("every gate trains, is stopped, goes on to the same bytes, and is read by the other commands") {
  const Case c;
  const std::vector<std::vector<std::string>> models = {{"moe.groups=4", "moe.k=1"},
                                                        {"moe.gate=softmax"},
                                                        {"moe.gate=balanced"},
                                                        {"moe.gate=top-k", "moe.bias_rate=0.01", "moe.shared=1"},
                                                        {"moe.recompute=true", "train.micro_batch_tokens=7"}};
  for (std::size_t i = 0; i < models.size(); ++i) {
    CAPTURE(models[i][0]);
    std::vector<std::string> set = {"-q"};
    for (const std::string& assignment : models[i]) set.insert(set.end(), {"--set", assignment});
    const std::string straight = "straight" + std::to_string(i), broken = "broken" + std::to_string(i);
    const auto train = [&](const std::string& name, const std::string& steps) {
      std::vector<std::string> words = set;
      // With the warm-up done in the first step, more steps are what they would have been from the start.
      words.insert(words.end(), {"--steps", steps, "--set", "train.schedule=constant", "--set", "train.warmup=1"});
      const ProgramResult result = c.train(name, words);
      INFO(result.err);
      REQUIRE(result.code == 0);
    };
    train(straight, "9");
    train(broken, "4");
    REQUIRE(c.go_on(broken, {"-q", "--steps", "9"}).code == 0);
    const bool same_weights = c.weights(broken) == c.weights(straight);  // bytes, not to be printed
    REQUIRE(same_weights);
    REQUIRE(run_program({MOELM_BIN_DIR "/moe-eval", c.path(straight), "--json"}).code == 0);
    const ProgramResult stats = run_program({MOELM_BIN_DIR "/moe-stats", c.path(straight), "--json"});
    INFO(stats.err);
    REQUIRE(stats.code == 0);
    const Json report = parse_json(stats.out, "stdout"), layer = report["layers"][0];
    Index pairs = 0;
    for (const Json& tokens : layer["tokens"]) pairs += tokens.get<Index>();
    REQUIRE(static_cast<double>(pairs) ==
            Approx(layer["k_mean"].get<double>() * report["tokens"].get<double>()).epsilon(1e-12));
    if (i == 0) REQUIRE(layer["k"] == 2);
  }
}

TEST_CASE("what cannot be is refused before anything is written") {
  const Case c;
  const ProgramResult divided = c.train("run", {"--set", "moe.groups=3"});
  REQUIRE(divided.code == 78);
  REQUIRE(divided.err ==
          "error: model.layers.2.groups: expected a divisor of the 8 of model.layers.2.experts, found 3\n");
  REQUIRE(c.train("run", {"--set", "moe.groups=4", "--set", "moe.k=3"}).code == 78);
  REQUIRE(c.train("run", {"--set", "moe.groups=4", "--set", "moe.k=1", "--set", "moe.k_groups=5"}).code == 78);
  REQUIRE(c.train("run", {"--set", "moe.groups=4", "--set", "moe.k=1", "--set", "moe.gate=balanced"}).code == 78);
  REQUIRE(c.train("run", {"--set", "moe.gate=balanced", "--set", "train.micro_batch_tokens=5"}).code == 78);
  const ProgramResult gate = c.train("run", {"--set", "moe.gate=hash"});
  REQUIRE(gate.code == 2);
  REQUIRE(holds(gate.err, "expected noisy-top-k, top-k, sigmoid, softmax or balanced, found hash"));
  REQUIRE(c.train("run", {"--set", "moe.k=9"}).code == 78);
  REQUIRE(c.train("run", {"--seed", "3"}).code == 2);
  const ProgramResult large = c.train("run", {"--set", "moe.experts=4000000000"});
  REQUIRE(large.code == 71);
  REQUIRE(holds(large.err, "--force"));
  REQUIRE_FALSE(std::filesystem::exists(c.path("run")));
  REQUIRE(c.train("data", {"--steps", "2"}).code == 73);
}

TEST_CASE("time that is up is an end that can go on") {
  const Case c;
  const ProgramResult result =
      c.train("run", {"--steps", "100000000", "--max-time", "1s", "--set", "train.schedule=constant"});
  REQUIRE(result.code == 0);
  REQUIRE(holds(result.out, "trained so far"));
  REQUIRE(holds(result.err, "the time is up, saved; continue with: moe-train --out "));
  REQUIRE(std::filesystem::exists(c.path("run/result.json")));
}

TEST_CASE("a training for a time tells how it used it, and its result how often the weights were read") {
  const Case c;
  const ProgramResult result = c.train("run", {"--max-time", "2s"});
  INFO(result.err);
  REQUIRE(result.code == 0);
  for (const char* part : {"training for 2s, at most 1,530 steps", "of 2s are used", "tokens per active weight",
                           "note: experts are unlikely to pay here", "--set moe.experts=1 --set moe.k=1"})
    REQUIRE(holds(result.err, part));
  const Json json = parse_json(get_file(c.path("run/result.json")), "result.json");
  const double tokens = json["tokens"].get<double>();
  REQUIRE(json["exposure"]["passes"].get<double>() == Approx(tokens / 1001));
  REQUIRE(json["exposure"]["occurrences_per_table_row"].get<double>() == Approx(100.1));
  REQUIRE(json["exposure"]["tokens_per_active_weight"].get<double>() ==
          Approx(tokens / json["ops_per_timestep"].get<double>()));
}

TEST_CASE("weights come from another run, or all of it from one of its checkpoints") {
  const Case c;
  REQUIRE(c.train("run", {"--steps", "10", "-q", "--set", "train.checkpoint_every=4"}).code == 0);
  REQUIRE(c.go_on("branch", {"--resume", c.path("run/checkpoints/step-000000000008"), "-q"}).code == 0);
  REQUIRE(c.weights("branch") == c.weights("run"));
  const ProgramResult init = c.train("init", {"--init", c.path("run"), "--steps", "1", "-q"});
  REQUIRE(init.code == 0);
  REQUIRE(losses(c.path("init/metrics.jsonl")).at(1) < losses(c.path("run/metrics.jsonl")).at(1));
  REQUIRE(c.train("wide", {"--init", c.path("run"), "--set", "train.seed=2", "--set", "model.layers.1.cells=9"}).code ==
          78);
  REQUIRE_FALSE(std::filesystem::exists(c.path("wide/config.json")));
}

TEST_CASE("a number of passes is counted in the batches of the text") {
  const Case c;
  REQUIRE(c.train("run", {"--epochs", "2", "-q"}).code == 0);
  const Json config = parse_json(get_file(c.path("run/config.json")), "config.json");
  REQUIRE(config["train"]["steps"] == 2 * 51);  // 1,001 tokens in 4 streams, 5 tokens at a time
  REQUIRE(config["train"]["validate_every"] == 51);
}

TEST_CASE("a dry run on data prints the plan; without arguments there is only the usage") {
  const Case c;
  const ProgramResult dry = run_program({MOELM_BIN_DIR "/moe-train", "--data", c.data(), "--dry-run", "--json"});
  REQUIRE(dry.code == 0);
  const Json json = parse_json(dry.out, "stdout");
  REQUIRE(json["training_tokens"] == 1001);
  REQUIRE(json["vocabulary_size"] == 10);
  REQUIRE(json["config"]["train"]["batch"] == 32);
  REQUIRE(json["config"]["train"]["dtype"] != "auto");  // decided, as in a run
  const ProgramResult nothing = run_program({MOELM_BIN_DIR "/moe-train"});
  REQUIRE(nothing.code == 2);
  REQUIRE(nothing.out.empty());
  REQUIRE(holds(nothing.err, "usage: moe-train"));
  REQUIRE(run_program({MOELM_BIN_DIR "/moe-train", "--list-keys"}).code == 0);
  REQUIRE(run_program({MOELM_BIN_DIR "/moe-train", "--help"}).out.size() > 1000);
}
