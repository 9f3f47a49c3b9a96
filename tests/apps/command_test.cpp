// Command lines: parsing, error messages, and exit codes of errors.
#include "common/command.hpp"

#include <iostream>
#include <new>
#include <sstream>
#include <stdexcept>

#include "base/data_type.hpp"
#include "common/main_guard.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"

using namespace moelm;

namespace {

/// Captures what is written to a stream.
class Captured {
 public:
  explicit Captured(std::ostream& stream) : stream_(stream), old_(stream.rdbuf(text_.rdbuf())) {}
  ~Captured() { stream_.rdbuf(old_); }
  Captured(const Captured&) = delete;
  Captured& operator=(const Captured&) = delete;
  std::string text() const { return text_.str(); }

 private:
  std::ostringstream text_;
  std::ostream& stream_;
  std::streambuf* old_;
};

struct Values {
  std::string out;
  std::optional<Index> steps;
  std::optional<double> epochs;
  std::optional<DataType> dtype;
  std::vector<std::string> set, train, inputs;
  bool dry = false;
};

/// A command with one option of every kind.
struct Sample {
  Command command{"moe-sample", "A command for tests.", "--out run/ [options]"};
  Values values;

  Sample() {
    command.option("--out", "DIR", values.out, "where results go");
    command.option("--steps", "N", values.steps, 1, "how many steps");
    command.option("--epochs", "N", values.epochs, 0, "how many passes");
    command.choice("--dtype", values.dtype, "arithmetic");
    command.repeated("--set", "KEY=VALUE", values.set, "a setting");
    command.list("--train", "FILE", values.train, "texts");
    command.positional("INPUT", values.inputs, 0, 2, "inputs");
    command.flag("--dry-run", values.dry, "do nothing");
    command.json_flag("print JSON");
    command.exclude("--steps", "--epochs");
    command.example("--out x", "writes x");
    command.exit_code(Exit::bad_data, "bad data");
    command.on_unknown([](const std::string& name) { return name == "seed" ? "--set train.seed=" : std::string(); });
  }

  std::optional<int> parse(std::vector<const char*> arguments) {
    arguments.insert(arguments.begin(), "moe-sample");
    return command.parse(static_cast<int>(arguments.size()), arguments.data());
  }
};

std::string refusal(const std::vector<const char*>& arguments) {
  Sample sample;
  try {
    sample.parse(arguments);
  } catch (const Error& e) {
    REQUIRE(e.exit() == Exit::usage);
    return e.what();
  }
  FAIL("nothing was refused");
  return {};
}

}  // namespace

TEST_CASE("options of every kind are read, in any order, with = or a space") {
  Sample sample;
  REQUIRE_FALSE(sample.parse({"a", "--out=x y", "--steps", "5", "--set", "k=1", "--set", "k=-2", "--train", "f", "g",
                              "--dry-run", "--json", "-q", "-", "--threads", "3"}));
  REQUIRE(sample.values.out == "x y");
  REQUIRE(sample.values.steps == 5);
  REQUIRE(sample.values.set == std::vector<std::string>{"k=1", "k=-2"});
  REQUIRE(sample.values.train == std::vector<std::string>{"f", "g"});
  REQUIRE(sample.values.inputs == std::vector<std::string>{"a", "-"});
  REQUIRE(sample.values.dry);
  REQUIRE(sample.command.json());
  REQUIRE(sample.command.quiet());
  REQUIRE(sample.command.threads().threads == 3);
  REQUIRE(sample.command.threads().source == "--threads");
  REQUIRE(sample.command.given("--out"));
  REQUIRE_FALSE(sample.command.given("--epochs"));
}

TEST_CASE("a value that stays on the command line does not become an input") {
  Sample sample;
  sample.parse({"--set", "k=1", "file"});
  REQUIRE(sample.values.set == std::vector<std::string>{"k=1"});
  REQUIRE(sample.values.inputs == std::vector<std::string>{"file"});
  Sample after;
  after.parse({"--train", "f", "--", "-x"});
  REQUIRE(after.values.inputs == std::vector<std::string>{"-x"});
}

TEST_CASE("a name in brackets is one name, in every kind of option") {
  Sample sample;
  REQUIRE_FALSE(sample.parse(
      {"--train", "[a,b]", "[]", "-", "--train=[c]", "[d,e]", "--out", "[f,g]", "--set", "[h,i]", "--json", "[j,k]"}));
  REQUIRE(sample.values.train == std::vector<std::string>{"[a,b]", "[]", "-", "[c]", "[d,e]"});
  REQUIRE(sample.values.out == "[f,g]");
  REQUIRE(sample.values.set == std::vector<std::string>{"[h,i]"});
  REQUIRE(sample.values.inputs == std::vector<std::string>{"[j,k]"});
}

TEST_CASE("a value may begin with a dash") {
  Sample sample;
  REQUIRE_FALSE(sample.parse({"--out", "-folder", "--set", "-key=1"}));
  REQUIRE(sample.values.out == "-folder");
  REQUIRE(sample.values.set == std::vector<std::string>{"-key=1"});
}

TEST_CASE("a word that needs an option before it: the message shows the option") {
  const auto refused = [](std::vector<const char*> arguments) {
    Command command("moe-sample", "A command for tests.", "--data DIR");
    std::optional<std::string> data;
    command.option("--data", "DIR", data, "a folder");
    command.input_option("--data");
    arguments.insert(arguments.begin(), "moe-sample");
    return error_text([&] { command.parse(static_cast<int>(arguments.size()), arguments.data()); });
  };
  REQUIRE(refused({"mine"}) == "mine: unexpected; did you mean --data mine?");
  REQUIRE(refused({"--data", "mine", "more"}) == "more: unexpected; see moe-sample --help");
}

TEST_CASE("errors name what was expected and what was found") {
  REQUIRE(refusal({"--steps", "0"}) == "--steps: expected an integer of at least 1, found 0");
  REQUIRE(refusal({"--steps", "2.5"}) == "--steps: expected an integer of at least 1, found 2.5");
  REQUIRE(refusal({"--epochs", "-1"}) == "--epochs: expected a number of at least 0, found -1");
  REQUIRE(refusal({"--dtype", "f16"}) == "--dtype: expected one of f32, bf16, found f16");
  REQUIRE(refusal({"--steps", "1", "--epochs", "1"}) == "--steps and --epochs cannot be given together");
  REQUIRE(refusal({"--steps", "1", "--steps", "2"}) == "--steps: given twice, as 1 and as 2");
  REQUIRE(refusal({"--threads", "5000"}) == "--threads: expected at most 4096, found 5000");
  REQUIRE(refusal({"a", "b", "c"}) == "c: unexpected; see moe-sample --help");
  REQUIRE(refusal({"--out"}) == "--out: expected DIR, found nothing");
  REQUIRE(refusal({"--train", "--json"}) == "--train: expected FILE..., found the option --json");
  REQUIRE(refusal({"--out", "--train", "x"}) == "--out: expected DIR, found the option --train");
  REQUIRE(refusal({"--out", ""}) == "--out: expected DIR, found an empty value");
  REQUIRE(refusal({"--out="}) == "--out: expected DIR, found nothing");
  REQUIRE(refusal({"--train", "a", ""}) == "--train: expected FILE..., found an empty value");
  REQUIRE(refusal({"a", ""}) == "expected names, found an empty one; see moe-sample --help");
  Sample same;
  REQUIRE_FALSE(same.parse({"--steps", "3", "--steps", "3"}));
  REQUIRE(same.values.steps == 3);
}

TEST_CASE("an unknown option names what was probably meant") {
  REQUIRE(refusal({"--setp", "x"}) == "--setp: unknown option; did you mean --set?");
  REQUIRE(refusal({"--seed=3"}) == "--seed: unknown option; did you mean --set train.seed=?");
  REQUIRE(refusal({"--output", "x"}) == "--output: unknown option; did you mean --out?");
  REQUIRE(refusal({"---"}) == "---: unknown option; see moe-sample --help");
  REQUIRE(refusal({"--training=x"}) == "--training: unknown option; did you mean --train?");
  REQUIRE(refusal({"-output", "x"}) == "-output: unknown option; did you mean --out?");
  REQUIRE(refusal({"-steps", "3"}) == "-steps: unknown option; did you mean --steps?");
  REQUIRE(refusal({"-quiet"}) == "-quiet: unknown option; did you mean --quiet?");
  REQUIRE(refusal({"-o", "x"}) == "-o: unknown option; did you mean --out?");
  for (const std::string far : {"--html", "--n", "--ppl", "--quote", "--rot"})
    REQUIRE(refusal({far.c_str(), "x"}) == far + ": unknown option; see moe-sample --help");
  REQUIRE(refusal({"--frobnicate"}) == "--frobnicate: unknown option; see moe-sample --help");
}

TEST_CASE("names of other programs' options have a hint, with one dash or two") {
  Sample sample;
  sample.command.hint({"ppl", "text"}, "the text after the run");
  for (const char* typed : {"-ppl", "--ppl", "--text=x"}) {
    const std::string name = std::string(typed).substr(0, std::string(typed).find('='));
    REQUIRE(error_text([&] { sample.parse({typed}); }) ==
            name + ": unknown option; did you mean the text after the run?");
  }
}

TEST_CASE("help and version go to stdout and end the program with 0; nothing at all ends it with 2") {
  const Captured out(std::cout), err(std::cerr);
  REQUIRE(Sample().parse({"--help"}) == 0);
  for (const char* part : {"usage: moe-sample --out run/", "--set KEY=VALUE", "moe-sample --out x",
                           "exit codes:", "65  bad data", "70  a bug", "--threads N"})
    REQUIRE(out.text().find(part) != std::string::npos);
  REQUIRE(Sample().parse({"--version"}) == 0);
  REQUIRE(out.text().find("moe-sample (moelm) ") != std::string::npos);
  REQUIRE(err.text().empty());
  const std::string before = out.text();
  REQUIRE(Sample().parse({}) == 2);
  REQUIRE(out.text() == before);
  REQUIRE(err.text().find("usage: moe-sample") == 0);
}

TEST_CASE("help is printed even if the rest of the line is wrong") {
  const Captured out(std::cout);
  REQUIRE(Sample().parse({"--steps", "x", "--help"}) == 0);
}

TEST_CASE("exceptions become exit codes") {
  REQUIRE(main_guard([] { return 75; }) == 75);
  REQUIRE(main_guard([]() -> int { throw Error(Exit::bad_config, "k"); }) == 78);
  REQUIRE(main_guard([]() -> int { throw std::bad_alloc(); }) == 71);
  REQUIRE(main_guard([]() -> int { throw std::logic_error("x"); }) == 70);
}
