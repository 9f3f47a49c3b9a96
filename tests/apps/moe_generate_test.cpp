// moe-generate as a user runs it, on a tiny run.
#include <algorithm>
#include <cmath>
#include <sstream>

#include "moe_eval_case.hpp"
#include "tokenizer/byte_tokenizer.hpp"

using namespace moelm;

namespace {

struct Case : EvalCase {
  using EvalCase::EvalCase;

  ProgramResult generate(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {MOELM_BIN_DIR "/moe-generate", run(), "--threads", "2"});
    return run_program(arguments);
  }
  std::vector<Json> objects(std::vector<std::string> arguments) const {
    arguments.push_back("--json");
    const ProgramResult result = generate(std::move(arguments));
    INFO(result.err);
    REQUIRE(result.code == 0);
    std::vector<Json> found;
    std::istringstream lines(result.out);
    for (std::string line; std::getline(lines, line);) found.push_back(parse_json(line, "row"));
    return found;
  }
};

std::size_t lines_in(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

/// A run of a byte model.
struct ByteCase {
  ByteCase() {
    const auto tokenizer = make_byte_tokenizer(std::vector<Index>(kByteVocabulary, 1));
    put_data(directory / "data", *tokenizer, {"the cat\n", "a dog\n", "the cat\n"});
    put_run(directory / "run", directory / "data", StateKind::carry);
  }
  ProgramResult generate(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {MOELM_BIN_DIR "/moe-generate", directory / "run"});
    return run_program(arguments);
  }
  TemporaryDirectory directory;
};

}  // namespace

TEST_CASE("the same seed writes the same text with any number of threads") {
  const Case c;
  const ProgramResult first = c.generate({"--tokens", "60"});
  REQUIRE(first.code == 0);
  CHECK(first.out.size() > 60);
  CHECK(holds(first.err, "seed 1"));
  CHECK(c.generate({"--tokens", "60", "--seed", "1"}).out == first.out);
  CHECK(c.generate({"--tokens", "60", "--seed", "2"}).out != first.out);
  CHECK(run_program({MOELM_BIN_DIR "/moe-generate", c.run(), "--threads", "1", "--tokens", "60"}).out == first.out);
  CHECK_FALSE(holds(first.out, "<unk>"));
  CHECK(holds(c.generate({"--tokens", "300", "--allow-unk"}).out, "<unk>"));
  CHECK(c.generate({"--quiet"}).err.empty());
}

TEST_CASE("lines are counted, and by default there is one") {
  const Case c;
  CHECK(lines_in(c.generate({}).out) == 1);
  CHECK(lines_in(c.generate({"--lines", "4"}).out) == 4);
  // An empty line between the samples, of which each has two lines.
  CHECK(lines_in(c.generate({"--lines", "2", "--samples", "3"}).out) == 8);
  const ProgramResult many = c.generate({"--samples", "9"});
  CHECK(lines_in(many.out) == 9);
  CHECK(many.out.starts_with(c.generate({}).out));
}

TEST_CASE("a prompt begins the text; its unknown words are named") {
  const Case c;
  const ProgramResult known = c.generate({"--prompt", "the cat", "--lines", "1"});
  CHECK(known.out.starts_with("the cat"));
  CHECK_FALSE(holds(known.err, "warning"));
  const ProgramResult unknown = c.generate({"--prompt", "the zebra ran", "--lines", "1"});
  CHECK(unknown.code == 0);
  CHECK(unknown.out.starts_with("the zebra ran"));
  CHECK(holds(unknown.err,
              "warning: prompt: 1 of 3 words (33.3 %) is not in the vocabulary and is read as <unk>: zebra"));
}

TEST_CASE("rows per token have the probabilities of moe-eval and the experts") {
  const Case c;
  const ProgramResult rows = c.generate({"--tokens", "12", "--per-token", "--temperature", "0.7"});
  REQUIRE(rows.code == 0);
  std::string text;
  double sum = 0;
  std::istringstream lines(rows.out);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    std::string sample, position, token, log10, experts;
    fields >> sample >> position >> token >> log10 >> experts;
    CHECK(sample == "1");
    CHECK(experts.starts_with("2="));
    CHECK(std::count(experts.begin(), experts.end(), ':') == 2);
    sum += std::stod(log10);
    text += token == "</s>" ? "\n" : (token == "bell\\u{7}" ? "bell\x07" : token) + " ";
  }
  // Scored by moe-eval; a last line without its end has one token more.
  const bool open = !text.ends_with('\n');
  const ProgramResult scored = run_program({MOELM_BIN_DIR "/moe-eval", c.run(), "-", "--per-token"}, text);
  REQUIRE(scored.code == 0);
  double expected = 0;
  std::istringstream scores(scored.out);
  std::size_t count = lines_in(scored.out) - (open ? 1 : 0);
  REQUIRE(count == 12);
  for (std::string line; count > 0 && std::getline(scores, line); --count)
    expected += std::stod(line.substr(line.rfind('\t') + 1));
  CHECK(sum == Approx(expected).epsilon(1e-6));
}

TEST_CASE("JSON has the samples and a summary") {
  const Case c;
  const std::vector<Json> objects = c.objects({"--samples", "3", "--prompt", "the zebra"});
  REQUIRE(objects.size() == 4);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(objects[i]["type"] == "sample");
    CHECK(objects[i]["sample"] == i + 1);
    CHECK(objects[i]["ends_line"] == true);
    CHECK(objects[i]["log10"].get<double>() < 0);
    CHECK(objects[i]["prompt"] == "the zebra");
  }
  CHECK(objects[3]["type"] == "summary");
  CHECK(objects[3]["prompt_oov"] == 1);
  CHECK(objects[3]["seed"] == 1);
  const std::vector<Json> tokens = c.objects({"--tokens", "4", "--per-token"});
  REQUIRE(tokens.size() == 6);
  CHECK(tokens[0]["type"] == "token");
  CHECK(tokens[0]["layers"][0]["experts"].size() == 2);
}

TEST_CASE("text is there as soon as it is drawn") {
  const Case c;
  Program program({MOELM_BIN_DIR "/moe-generate", c.run(), "--lines", "1000000", "--tokens", "100000000"});
  CHECK_NOTHROW(program.line());
  program.close_output();
  CHECK(program.finish().code == 128 + SIGPIPE);
}

TEST_CASE("bytes are printed as they are") {
  const ByteCase c;
  const ProgramResult result = c.generate({"--tokens", "2000", "--prompt",
                                           "a\xff\x1b"
                                           "b"});
  REQUIRE(result.code == 0);
  CHECK(
      result.out.starts_with("a\xff\x1b"
                             "b"));
  // </s> is not a byte, and a random model draws it too.
  CHECK(result.out.size() > 1900);
  CHECK(result.out.size() <= 2004);
  CHECK(result.out == c.generate({"--tokens", "2000", "--prompt",
                                  "a\xff\x1b"
                                  "b"})
                          .out);
}

TEST_CASE("a model that ends no line is stopped") {
  const ByteCase c;  // which repeats one byte
  const ProgramResult result = c.generate({"--lines", "2", "--temperature", "0", "--json"});
  CHECK(holds(result.out, "\"tokens\":2000,"));
  CHECK(holds(result.err, "1 sample stopped after 2,000 tokens without the last line end; --tokens N sets the limit"));
}

TEST_CASE("options that make no sense are usage errors") {
  const Case c;
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{{"--top-p", "0"},
                                                                                         {"--top-p", "1.5"},
                                                                                         {"--temperature", "-1"},
                                                                                         {"--top-k", "0"},
                                                                                         {"--samples", "1001"},
                                                                                         {"--tokens", "0"},
                                                                                         {"--lines", "x"},
                                                                                         {"another"}}) {
    INFO(arguments[0]);
    CHECK(c.generate(arguments).code == 2);
  }
  CHECK(holds(c.generate({"--temp", "1"}).err, "did you mean --temperature?"));
  CHECK(holds(c.generate({"--length", "1"}).err, "did you mean --tokens?"));
  CHECK(holds(c.generate({"--max-new-tokens", "1"}).err, "did you mean --tokens?"));
  CHECK(holds(c.generate({"--num-samples", "1"}).err, "did you mean --samples?"));
  CHECK(c.generate({"--lines", "9000000000000000000"}).code == 2);
  CHECK(holds(run_program({MOELM_BIN_DIR "/moe-generate", c.run() + "/vocab.txt"}).err,
              "found a file; give its folder: moe-generate " + c.run()));
  CHECK(run_program({MOELM_BIN_DIR "/moe-generate"}).code == 2);
  CHECK(run_program({MOELM_BIN_DIR "/moe-generate", c.directory / "none"}).code == 66);
}
