// moe-stats as a person runs it: outputs, exit codes and messages, on a model that was trained for a few steps.
#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>

#include "io/json.hpp"
#include "run/resolve_config.hpp"
#include "support/catch.hpp"
#include "support/new_run.hpp"
#include "support/temporary_directory.hpp"
#include "training/training_run.hpp"

using namespace moelm;

namespace {

struct Outcome {
  int code;
  std::string out, err;
};

/// A data folder and a run over text that holds escape sequences and markup, made once for all tests.
class World {
 public:
  World() {
    std::string text;
    for (int i = 0; i < 400; ++i)
      text += "the cat " + std::to_string(i % 7) +
              " sat on \x1b[31mred\x1b[0m mats , <script>alert(1)</script> said Paul .\n";
    put_file(directory_ / "book.txt", text);
    put_file(directory_ / "a.txt", "the cat sat\nPaul said\n");
    put_file(directory_ / "b.txt", "red mats .\n");
    put_file(directory_ / "labels", "x\ny\nx\n");
    REQUIRE(run(std::string(MOELM_MOE_TOKENIZE) + " --quiet --tokenizer word --out data --train book.txt").code == 0);
    train();
  }

  /// Runs a shell command in the folder.
  Outcome run(const std::string& command) const {
    const std::string line = "cd '" + directory_.path() + "' && { " + command + " ; } > out 2> err < /dev/null";
    const int status = std::system(line.c_str());
    return {WEXITSTATUS(status), get_file(directory_ / "out"), get_file(directory_ / "err")};
  }
  Outcome stats(const std::string& arguments) const {
    return run(std::string(MOELM_MOE_STATS) + " --threads 1 " + arguments);
  }
  std::string file(const std::string& name) const { return get_file(directory_ / name); }

  /// Every file of a folder with its time of writing.
  std::map<std::string, std::filesystem::file_time_type> files(const std::string& name) const {
    std::map<std::string, std::filesystem::file_time_type> found;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory_ / name))
      found[entry.path().string()] = entry.last_write_time();
    return found;
  }

 private:
  void train() {
    const Dataset data = Dataset::open(directory_ / "data");
    ConfigOptions options;
    options.preset = "tiny";
    options.assignments = {"model.width=16", "train.steps=4", "train.batch=4", "train.unroll=8"};
    const Index tokens = data.tokens(Split::train);
    const RunConfig config = resolve_config(options, nullptr, {tokens}).config;
    put_new_run(directory_ / "run", config, data);
    Context context(1);
    TrainObserver observer;
    TrainingStart start;
    start.run = directory_ / "run";
    TrainingRun training(context, read_run(start.run), data, start, observer);
    training.run();
  }

  TemporaryDirectory directory_;
};

const World& world() {
  static const World made;
  return made;
}

bool harmless(const std::string& text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 && c != '\n' && c != '\t';
  });
}

}  // namespace

TEST_CASE("a run alone: the experts on the test split of its data, harmless text, run and data untouched") {
  const auto run = world().files("run"), data = world().files("data");
  const Outcome outcome = world().stats("run");
  CHECK(outcome.code == 0);
  CHECK(outcome.out.find("Layer 2: 8 experts, 2 for each token") != std::string::npos);
  CHECK(outcome.out.find("what the token read looks like") != std::string::npos);
  CHECK(outcome.out.find("Noisy gates draw noise in training only") != std::string::npos);
  CHECK(harmless(outcome.out));
  CHECK(harmless(outcome.err));
  CHECK(world().files("run") == run);
  CHECK(world().files("data") == data);
}

TEST_CASE("JSON, page and routes of one pass agree") {
  const Outcome outcome =
      world().stats("run --data data --split valid --json --quiet --html page.html --routes routes.tsv");
  REQUIRE(outcome.code == 0);
  CHECK(outcome.err.empty());
  CHECK(harmless(outcome.out));
  const Json json = parse_json(outcome.out, "moe-stats");
  const Json& layer = json.at("layers")[0];
  const auto tokens = json.at("tokens").get<Index>();
  CHECK(layer.at("load_kind") == "smooth");
  Index choices = 0;
  for (const Json& t : layer.at("tokens")) choices += t.get<Index>();
  CHECK(static_cast<double>(choices) == Approx(layer.at("k_mean").get<double>() * static_cast<double>(tokens)));
  const std::string routes = world().file("routes.tsv"), page = world().file("page.html");
  CHECK(std::count(routes.begin(), routes.end(), '\n') == tokens + 1);
  CHECK(routes.find("token_index\tline\ttoken\tlayer\texpert_1") == 0);
  CHECK(routes.substr(routes.find('\n') + 1).find("0\t1\t</s>\t2\t") == 0);
  CHECK(harmless(page));
  CHECK(page.find("<script") == page.rfind("<script"));
  CHECK(page.find("&lt;script&gt;") != std::string::npos);
  CHECK(page.find("Training") != std::string::npos);
  CHECK(page.find("Noisy gates draw noise in training only") != std::string::npos);
}

TEST_CASE("a sentence: each token with its experts, on the terminal, as a page and as JSON") {
  const Outcome outcome = world().stats("run --sentence 'the cat \x1b[31m sat' --html sentence.html");
  REQUIRE(outcome.code == 0);
  CHECK(harmless(outcome.out));
  CHECK(outcome.out.find("Layer 2, below each token read the expert with its highest gate:\n</s> the cat ") !=
        std::string::npos);
  CHECK(outcome.out.find("the sentence given") != std::string::npos);
  CHECK(outcome.out.find("comes next") != std::string::npos);
  CHECK(outcome.out.find("CV(importance)") == std::string::npos);
  const std::string page = world().file("sentence.html");
  CHECK(page.find("<p class=\"tokens\">") != std::string::npos);
  CHECK(page.find("<article") == std::string::npos);

  const Json json = parse_json(world().stats("run --sentence 'the cat sat' --json").out, "moe-stats");
  REQUIRE(json.at("sentence").size() == 4);
  double sum = 0;
  for (const Json& expert : json.at("sentence")[1].at("experts")[0]) sum += expert.at("gate").get<double>();
  CHECK(sum == Approx(1).epsilon(1e-5));
  CHECK(json.at("sentence")[1].at("token") == "the");
  CHECK(json.at("sentence")[3].at("next") == "</s>");
  CHECK(json.at("sentence") ==
        parse_json(world().run("echo the cat sat | " MOELM_MOE_STATS " run - --json --threads 1").out, "moe-stats")
            .at("sentence"));

  CHECK(world().stats("run a.txt --sentence x").code == 2);
  CHECK(world().stats("run --split valid --sentence x").code == 2);
  CHECK(world().stats("run --sentence ''").code == 65);
  CHECK(world().stats("run --sentence \"$(yes cat | head -n 1500 | tr '\\n' ' ')\"").code == 2);
}

TEST_CASE("a sentence has colors on a terminal, unless NO_COLOR is set") {
  if (std::system("command -v script > /dev/null 2>&1") != 0) return;
  const auto on_terminal = [](const std::string& before) {
    return world()
        .run("TERM=xterm " + before +
             " script -qec \"" MOELM_MOE_STATS " run -q --threads 1 --sentence 'the cat sat'\" /dev/null")
        .out;
  };
  CHECK(on_terminal("env -u NO_COLOR").find("\x1b[30;48;5;") != std::string::npos);
  CHECK(on_terminal("NO_COLOR=1").find('\x1b') == std::string::npos);
  CHECK(on_terminal("NO_COLOR=1").find("the cat") != std::string::npos);
}

TEST_CASE("texts instead of the run's data: standard input, classes by file, by label") {
  const Outcome files = world().stats("run a.txt b.txt --json");
  REQUIRE(files.code == 0);
  CHECK(parse_json(files.out, "moe-stats").at("classes").at("names") == Json::array({"a.txt", "b.txt"}));
  const Outcome labels = world().stats("run a.txt b.txt --classes labels --json");
  REQUIRE(labels.code == 0);
  CHECK(parse_json(labels.out, "moe-stats").at("classes").at("names") == Json::array({"x", "y"}));
  const Outcome piped = world().run("cat a.txt b.txt | " MOELM_MOE_STATS " run - --json --threads 1");
  CHECK(parse_json(piped.out, "moe-stats").at("tokens") == parse_json(files.out, "moe-stats").at("tokens"));
  const Outcome page = world().stats("run a.txt --html -");
  CHECK(page.out.find("<!DOCTYPE html>") == 0);
}

TEST_CASE("unfit inputs are refused with their exit code and one line") {
  const auto refusal = [](const std::string& arguments) {
    const Outcome outcome = world().stats(arguments + " --quiet");
    CHECK(outcome.out.empty());
    CHECK(outcome.err.find("error: ") == 0);
    CHECK(std::count(outcome.err.begin(), outcome.err.end(), '\n') == 1);
    return outcome.code;
  };
  CHECK(refusal("run --json --html -") == 2);
  CHECK(refusal("run - --classes -") == 2);
  CHECK(refusal("run a.txt --split test") == 2);
  CHECK(refusal("run a.txt --classes labels") == 65);
  CHECK(refusal("run labels.missing") == 66);
  CHECK(refusal("nowhere") == 66);
  CHECK(refusal("run --html nowhere/page.html") == 73);
  CHECK(refusal("run /dev/null") == 65);
  REQUIRE(
      world().run(std::string(MOELM_MOE_TOKENIZE) + " --quiet --tokenizer byte --out other --train book.txt").code ==
      0);
  CHECK(refusal("run --data other") == 78);
  CHECK(world().run(MOELM_MOE_STATS).code == 2);
}
