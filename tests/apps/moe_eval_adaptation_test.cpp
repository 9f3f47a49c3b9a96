// moe-eval --cache and --dynamic as a user runs them, on a run that was trained for some steps.
#include <cmath>
#include <filesystem>
#include <map>
#include <sstream>

#include "io/json.hpp"
#include "support/catch.hpp"
#include "support/program.hpp"
#include "support/short_run.hpp"

using namespace moelm;

namespace {

/// Lines of a few words, each said twice.
std::string lines(Index count, Index seed) {
  std::string text;
  for (Index i = 0; i < count; ++i) {
    std::string line;
    for (Index w = 0; w < 4; ++w) line += std::string(w > 0 ? " " : "") + "abc"[(i * 7 + w * w * seed + i * i * w) % 3];
    text += line + "\n" + line + "\n";
  }
  return text;
}

std::map<std::string, std::string> everything_in(const std::string& directory) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory))
    files[entry.path()] = entry.is_regular_file() ? get_file(entry.path()) : "";
  return files;
}

struct Case {
  Case() {
    std::filesystem::remove_all(runs.path("data"));
    put_data(runs.path("data"), *tiny_tokenizer(TokenizerKind::word, {"a", "b", "c"}),
             {lines(30, 1), lines(20, 2), lines(25, 5)});
    runs.train("run", runs.fresh("run"));
  }

  ProgramResult eval(std::vector<std::string> arguments, const std::string& input = "") const {
    arguments.insert(arguments.begin(), {MOELM_BIN_DIR "/moe-eval", runs.path("run")});
    return run_program(arguments, input);
  }
  Json summary(std::vector<std::string> arguments, const std::string& input = "") const {
    arguments.push_back("--json");
    const ProgramResult result = eval(std::move(arguments), input);
    INFO(result.err);
    REQUIRE(result.code == 0);
    return parse_json(result.out, "output");
  }
  std::string checkpoint_file(const std::string& name) const {
    return runs.path("run") + "/checkpoints/step-000000000012/" + name;
  }

  ShortRuns runs;
};

}  // namespace

TEST_CASE("an adapted evaluation is labelled, with the static perplexity beside it, and leaves the run alone") {
  const Case c;
  const auto before = everything_in(c.runs.directory.path());
  const Json still = c.summary({});
  CHECK(still["adaptation"]["kind"] == "static");
  CHECK(still["static_perplexity"] == still["perplexity"]);
  CHECK(holds(still["policy"], "evaluation=static"));
  const Json cache = c.summary({"--cache", "30"}), dynamic = c.summary({"--dynamic"}),
             both = c.summary({"--cache", "30", "--dynamic", "--dynamic-segment", "7"});
  CHECK(cache["adaptation"]["kind"] == "cache");
  CHECK(cache["adaptation"]["cache"]["n"] == 30);
  CHECK(cache["adaptation"]["dynamic"].is_null());
  CHECK(dynamic["adaptation"]["kind"] == "dynamic");
  CHECK(dynamic["adaptation"]["dynamic"]["segment"] == 20);
  CHECK(both["adaptation"]["kind"] == "dynamic+cache");
  CHECK(both["adaptation"]["dynamic"]["segment"] == 7);
  for (const Json& json : {cache, dynamic, both}) {
    CHECK(json["adaptation"]["chosen_on"] == "valid");
    CHECK(json["static_perplexity"] == still["perplexity"]);
    CHECK(json["perplexity"].get<double>() < still["perplexity"].get<double>());
    CHECK(json["tokens"] == still["tokens"]);
  }
  const ProgramResult people = c.eval({"--cache", "30"});
  CHECK(holds(people.out, "evaluation=cache n=30 theta="));
  CHECK(holds(people.out, "chosen-on=valid"));
  CHECK(holds(people.out, ", with cache\n"));
  CHECK(holds(people.out, "a token without cache"));
  CHECK(holds(people.err, "cache: theta "));
  CHECK(holds(people.err, "tokens of the validation split"));
  CHECK(holds(c.eval({"--cache", "30", "--split", "valid"}).err, "chosen on the text that is scored"));
  CHECK(everything_in(c.runs.directory.path()) == before);
}

TEST_CASE("given numbers are used as they are, and those that change nothing give the static score") {
  const Case c;
  const Json still = c.summary({});
  const std::vector<std::string> lambda_0 = {"--cache", "30", "--cache-theta", "0.5", "--cache-lambda", "0"},
                                 rate_0 = {"--dynamic", "--dynamic-lr", "0", "--dynamic-decay", "0.1"};
  CHECK(c.summary(lambda_0)["nll_nats"] == still["nll_nats"]);
  CHECK(c.summary(rate_0)["nll_nats"] == still["nll_nats"]);
  const std::vector<std::string> given = {"--dynamic", "--dynamic-lr", "0.001", "--dynamic-decay", "0.01"};
  const Json dynamic = c.summary(given);
  CHECK(dynamic["adaptation"]["chosen_on"].is_null());
  CHECK(dynamic["adaptation"]["dynamic"]["lr"] == 0.001);
  CHECK(dynamic["nll_nats"] != still["nll_nats"]);
  for (const char* threads : {"1", "3"}) {
    std::vector<std::string> arguments = given;
    arguments.insert(arguments.end(), {"--threads", threads});
    CHECK(c.summary(arguments)["nll_nats"] == dynamic["nll_nats"]);
  }
}

TEST_CASE("a text is adapted to alike from a split, a file and a pipe, also with rows") {
  const Case c;
  const std::string text = lines(25, 5), file = c.runs.path("text");
  put_file(file, text);
  for (const std::vector<std::string>& how :
       {std::vector<std::string>{"--cache", "30"}, std::vector<std::string>{"--dynamic"}}) {
    const auto with = [&](std::vector<std::string> arguments) {
      arguments.insert(arguments.end(), how.begin(), how.end());
      return arguments;
    };
    const double expected = c.summary(how)["nll_nats"];
    CHECK(c.summary(with({file}))["nll_nats"].get<double>() == Approx(expected).epsilon(1e-9));
    CHECK(c.summary(with({"-"}), text)["nll_nats"].get<double>() == Approx(expected).epsilon(1e-9));
    const ProgramResult rows = c.eval(with({"-", "--per-token", "--batch-lines", "1"}), text);
    CHECK(holds(rows.err, "evaluation=" + std::string(how[0].substr(2))));
    std::istringstream in(rows.out);
    double sum = 0;
    for (std::string row; std::getline(in, row);) sum -= std::stod(row.substr(row.rfind('\t'))) * std::log(10);
    CHECK(sum == Approx(expected).epsilon(1e-4));
  }
  std::filesystem::remove_all(c.runs.path("data"));
  const ProgramResult nowhere = c.eval({file, "--cache", "30"});
  CHECK(nowhere.code == 66);
  CHECK(c.eval({file, "--cache", "30", "--cache-theta", "0.1", "--cache-lambda", "0.1"}).code == 0);
}

TEST_CASE("bad numbers and combinations are refused with one line") {
  const Case c;
  const auto refused = [&](const std::vector<std::string>& arguments, Exit exit, const std::string& part,
                           const std::string& input = "") {
    const ProgramResult result = c.eval(arguments, input);
    INFO(result.err);
    CHECK(result.code == static_cast<int>(exit));
    CHECK(result.out.empty());
    CHECK(holds(result.err, part));
  };
  for (const char* n : {"0", "-5", "nan", "1.5"}) refused({"--cache", n}, Exit::usage, "--cache");
  refused({"--cache", "9", "--cache-theta", "nan"}, Exit::usage, "--cache-theta: expected a number");
  refused({"--cache", "9", "--cache-theta", "-1"}, Exit::usage, "--cache-theta: expected a number of at least 0");
  refused({"--cache", "9", "--cache-lambda", "1"}, Exit::usage, "--cache-lambda: expected a number below 1, found 1");
  refused({"--cache-theta", "1"}, Exit::usage, "--cache-theta: expected --cache N beside it");
  refused({"--dynamic-lr", "1"}, Exit::usage, "--dynamic-lr: expected --dynamic beside it");
  refused({"--dynamic", "--dynamic-segment", "0"}, Exit::usage, "--dynamic-segment");
  refused({"--dynamic", "--dynamic-lr", "inf"}, Exit::usage, "--dynamic-lr");
  refused({"--cache", "9", "--state", "reset"}, Exit::usage, "--cache: expected state carry");
  refused({"--dynamic", "--streams", "4"}, Exit::usage, "--dynamic: expected 1 stream");
  refused({"-", "--cache", "9", "--per-sentence"}, Exit::usage, "--cache: expected state carry", "a b\n");
  // A split bounds the cache, but nobody knows the length of a pipe.
  CHECK(c.summary({"--cache", "1000000000000"})["adaptation"]["cache"]["n"] == 1000000000000);
  refused({"-", "--cache", "1000000000000"}, Exit::out_of_memory, "try a smaller --cache", "a b\n");
  refused({"--dynamic", "--dynamic-lr", "1e30", "--dynamic-decay", "0"}, Exit::diverged, "give a smaller --dynamic-lr");
}

TEST_CASE("a checkpoint without moments, and a damaged one, cannot be adapted") {
  const Case c;
  const std::string optimizer = c.checkpoint_file("optimizer.safetensors");
  std::string bytes = get_file(optimizer);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  put_file(optimizer, bytes);
  const ProgramResult damaged = c.eval({"--dynamic"});
  CHECK(damaged.code == 65);
  CHECK(holds(damaged.err, "optimizer.safetensors"));
  std::filesystem::remove(optimizer);
  const ProgramResult slim = c.eval({"--dynamic"});
  CHECK(slim.code == 66);
  CHECK(holds(slim.err, "optimizer.safetensors: expected the gradients' second moments for --dynamic, found nothing"));
  CHECK(c.summary({"--cache", "30"})["adaptation"]["kind"] == "cache");
}
