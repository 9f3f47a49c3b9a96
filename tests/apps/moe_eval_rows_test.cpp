// The rows of moe-eval: a score per line or per token.
#include <cmath>
#include <set>
#include <sstream>

#include "moe_eval_case.hpp"
#include "tokenizer/byte_tokenizer.hpp"

using namespace moelm;

namespace {

std::vector<std::vector<std::string>> table(const std::string& text) {
  std::vector<std::vector<std::string>> rows;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    auto& row = rows.emplace_back(1);
    for (const char c : line)
      if (c == '\t')
        row.emplace_back();
      else
        row.back() += c;
  }
  return rows;
}

/// Lines of different lengths.
std::string many_lines(Index count) {
  std::string text;
  for (Index i = 0; i < count; ++i) {
    for (Index w = 0; w < i * 7 % 13; ++w) text += words()[(i + w * w) % 8] + " ";
    text += "\n";
  }
  return text;
}

}  // namespace

TEST_CASE("--per-sentence prints a row per line, also for blank lines") {
  const EvalCase c;
  const ProgramResult result = c.eval({"-", "--per-sentence", "--state", "reset"}, kText);
  REQUIRE(result.code == 0);
  const auto rows = table(result.out);
  REQUIRE(rows.size() == 4);
  double sum = 0;
  for (const auto& row : rows) {
    REQUIRE(row.size() == 3);
    sum += std::stod(row[0]);
  }
  CHECK(rows[0][1] == "4");
  CHECK(rows[1][1] == "1");
  CHECK(rows[2][2] == "1");
  CHECK(rows[3][2] == "0");
  CHECK(-sum * std::log(10) == Approx(c.nll({"--state", "reset"})).epsilon(1e-6));
  CHECK(holds(result.err, "perplexity"));
  CHECK_FALSE(holds(result.err, "depends on the lines before"));
  const ProgramResult usual = c.eval({"-", "--per-sentence"}, kText);
  CHECK(usual.out == result.out);
  CHECK(holds(usual.err, "state reset: every line is scored alone"));
  CHECK_FALSE(holds(usual.err, "depends on the lines before"));
  const ProgramResult carried = c.eval({"-", "--per-sentence", "--state", "carry"}, kText);
  CHECK(carried.out != result.out);
  CHECK(holds(carried.err, "depends on the lines before"));
  CHECK(holds(c.eval({"--per-sentence"}).err, "depends on the lines before"));
  CHECK(c.eval({"-", "--per-sentence", "--quiet"}, kText).err.empty());
}

TEST_CASE("--per-token prints a row per token with escaped text") {
  const EvalCase c;
  const ProgramResult result = c.eval({"-", "--per-token"}, "the bell\x07 zebra\n\n");
  REQUIRE(result.code == 0);
  const auto rows = table(result.out);
  REQUIRE(rows.size() == 5);
  CHECK(rows[0][0] == "1");
  CHECK(rows[0][1] == "1");
  CHECK(rows[0][2] == "the");
  CHECK_FALSE(holds(rows[1][2], "\x07"));
  CHECK(holds(rows[1][2], "bell\\"));
  CHECK(rows[2][2] == "<unk>");
  CHECK(rows[3][2] == "</s>");
  CHECK(rows[4][0] == "2");
  for (const auto& row : rows) CHECK(std::stod(row.at(3)) < 0);
}

TEST_CASE("rows as JSON end with the summary") {
  const EvalCase c;
  for (const char* kind : {"--per-sentence", "--per-token"}) {
    const ProgramResult result = c.eval({"-", kind, "--json"}, kText);
    std::istringstream lines(result.out);
    std::vector<Json> rows;
    for (std::string line; std::getline(lines, line);) rows.push_back(parse_json(line, "row"));
    const bool tokens = std::string(kind) == "--per-token";
    REQUIRE(static_cast<Index>(rows.size()) == (tokens ? kTokens : 4) + 1);
    double sum = 0;
    for (std::size_t i = 0; i + 1 < rows.size(); ++i) {
      CHECK(rows[i]["type"] == (tokens ? "token" : "sentence"));
      sum += rows[i]["log10"].get<double>();
    }
    CHECK(rows.back()["type"] == "summary");
    CHECK(-sum * std::log(10) == Approx(rows.back()["nll_nats"].get<double>()).epsilon(1e-9));
    if (tokens) CHECK(rows[6]["text"] == "zebra");
  }
}

TEST_CASE("rows of a data folder are those of its text") {
  const EvalCase c;
  for (const char* kind : {"--per-sentence", "--per-token"})
    CHECK(c.eval({kind}).out == c.eval({c.file(kText), kind, "--state", "carry"}).out);
}

TEST_CASE("in state reset neither threads nor batches change a row") {
  const EvalCase c(StateKind::reset);
  const std::string file = c.file(many_lines(500));
  const auto rows = table(c.eval({file, "--per-sentence"}).out);
  REQUIRE(rows.size() == 500);
  for (const auto& other :
       {c.eval({file, "--per-sentence", "--batch-lines", "1"}), c.eval({"-", "--per-sentence"}, get_file(file))}) {
    const auto compared = table(other.out);
    REQUIRE(compared.size() == 500);
    for (std::size_t i = 0; i < 500; ++i) {
      CHECK(std::stod(compared[i][0]) == Approx(std::stod(rows[i][0])).epsilon(1e-6));
      CHECK(compared[i][1] == rows[i][1]);
    }
  }
  const std::string one =
      run_program({MOELM_BIN_DIR "/moe-eval", c.run(), file, "--per-sentence", "--threads", "1"}).out;
  CHECK(one == c.eval({file, "--per-sentence"}).out);
}

TEST_CASE("a co-process answers line by line") {
  const EvalCase c;
  for (const char* lines : {"1", "64"}) {
    Program program(c.command({"-", "--per-sentence", "--state", "reset", "--batch-lines", lines}));
    program.write("the cat\n");
    const std::string first = program.line();
    CHECK(table(first).at(0).at(1) == "3");
    program.write("\n");
    CHECK(table(program.line()).at(0).at(1) == "1");
    program.write("the cat\n");
    CHECK(program.line() == first);
    CHECK(program.finish().code == 0);
  }
}

TEST_CASE("a closed output pipe is not an error") {
  const EvalCase c;
  Program program(c.command({"-", "--per-sentence", "--quiet"}));
  program.close_output();
  program.write(kText);
  const ProgramResult result = program.finish();
  CHECK(result.err.empty());
  CHECK(result.code == 128 + SIGPIPE);
}

TEST_CASE("line and position are unique for each token, also for the end of a document") {
  const TemporaryDirectory directory;
  const auto tokenizer = make_byte_tokenizer(std::vector<Index>(kByteVocabulary, 1));
  put_data(directory / "data", *tokenizer, {"the cat\n", "a dog\n", "the cat\n"});
  put_run(directory / "run", directory / "data", StateKind::carry);
  for (const std::vector<std::string>& text : {std::vector<std::string>{}, {"-"}}) {
    std::vector<std::string> command = {MOELM_BIN_DIR "/moe-eval", directory / "run", "--per-token"};
    command.insert(command.end(), text.begin(), text.end());
    const ProgramResult result = run_program(command, "the cat\n");
    INFO(result.err);
    std::set<std::string> keys;
    const auto rows = table(result.out);
    REQUIRE(rows.size() == 9);
    for (const auto& row : rows) keys.insert(row.at(0) + " " + row.at(1));
    CHECK(keys.size() == rows.size());
  }
}

TEST_CASE("--log-base changes the logarithms of rows and nothing else") {
  const EvalCase c;
  for (const char* kind : {"--per-sentence", "--per-token"}) {
    const std::size_t column = std::string(kind) == "--per-token" ? 3 : 0;
    const auto ten = table(c.eval({"-", kind}, kText).out);
    const auto natural = table(c.eval({"-", kind, "--log-base", "e"}, kText).out);
    REQUIRE(natural.size() == ten.size());
    for (std::size_t i = 0; i < ten.size(); ++i)
      CHECK(std::stod(natural[i].at(column)) == Approx(std::stod(ten[i].at(column)) * std::log(10)).epsilon(1e-7));
    CHECK(c.eval({"-", kind, "--log-base", "10"}, kText).out == c.eval({"-", kind}, kText).out);
    const ProgramResult json = c.eval({"-", kind, "--log-base", "2", "--json"}, kText);
    const Json row = parse_json(json.out.substr(0, json.out.find('\n')), "row");
    CHECK_FALSE(row.contains("log10"));
    CHECK(row["log"].get<double>() == Approx(std::stod(ten[0].at(column)) * std::log2(10)).epsilon(1e-7));
  }
  CHECK(c.eval({"-", "--log-base", "e"}, kText).code == 2);
  CHECK(c.eval({"-", "--per-token", "--log-base", "1"}, kText).code == 2);
  CHECK(c.eval({"-", "--per-token", "--log-base", "e", "--format", "srilm"}, kText).code == 2);
}

TEST_CASE("--rank counts how often the right token is among the most probable") {
  const EvalCase c;
  const Json rank = c.summary({"-", "--rank"}, kText)["rank"];
  CHECK(rank["tokens"] == kTokens);
  CHECK(rank["first_1"].get<Index>() <= rank["first_5"].get<Index>());
  CHECK(rank["first_5"].get<Index>() <= rank["first_10"].get<Index>());
  CHECK(rank["first_10"].get<Index>() >= kTokens - 5);  // of 11 tokens
  const double reciprocal = rank["mean_reciprocal"].get<double>();
  CHECK((reciprocal >= 1.0 / 11 && reciprocal <= 1));
  CHECK(holds(c.eval({"-", "--rank"}, kText).out, "right token    most probable in "));
  CHECK_FALSE(c.summary({"-"}, kText).contains("rank"));
  CHECK(c.nll({"-", "--rank"}, kText) == c.nll({"-"}, kText));
  CHECK(c.summary({"--rank", "--streams", "2"})["rank"]["tokens"] == kTokens);
  for (const char* other : {"--cache=9", "--dynamic", "--format=srilm"}) CHECK(c.eval({"--rank", other}).code == 2);
}

TEST_CASE("--format prints what the scripts of SRILM and KenLM read") {
  const EvalCase c;
  const Json summary = c.summary({"-", "--state", "reset"}, kText);
  const double log10 = -summary["nll_nats"].get<double>() / std::log(10);
  const ProgramResult srilm = c.eval({"-", "--state", "reset", "--format", "srilm", "--per-token"}, kText);
  INFO(srilm.err);
  REQUIRE(srilm.code == 0);
  CHECK(holds(srilm.out, "file standard input: 4 sentences, 11 words, 0 OOVs\n"));
  const std::string found = srilm.out.substr(srilm.out.rfind("logprob= ") + 9);
  CHECK(std::stod(found) == Approx(log10).epsilon(1e-5));
  CHECK(std::stod(found.substr(found.find("ppl= ") + 5)) == Approx(summary["perplexity"].get<double>()).epsilon(1e-5));
  const ProgramResult kenlm = c.eval({"-", "--state", "reset", "--format", "kenlm"}, kText);
  CHECK(kenlm.out.starts_with("Perplexity including OOVs:\t"));
  CHECK(holds(kenlm.out, "OOVs:\t2\nTokens:\t15\n"));  // zebra, and <unk> in the text itself
  // Sentences are scored alone at each level, as in both tools.
  for (const char* format : {"srilm", "kenlm"})
    for (const char* level : {"", "--per-sentence", "--per-token"}) {
      std::vector<std::string> arguments = {"-", "--format", format};
      if (*level != 0) arguments.emplace_back(level);
      const ProgramResult usual = c.eval(arguments, kText);
      CHECK(holds(usual.err, "state reset: every line is scored alone"));
      arguments.insert(arguments.end(), {"--state", "reset"});
      CHECK(usual.out == c.eval(arguments, kText).out);
      arguments.back() = "carry";
      const ProgramResult carried = c.eval(arguments, kText);
      CHECK(usual.out != carried.out);
      CHECK(holds(carried.err, "depends on the lines before"));
    }
  CHECK(holds(c.eval({"--debug", "1"}).err, "--format FORMAT with --per-sentence or --per-token"));
  CHECK(c.eval({"--format", "kenlm"}).code == 0);
  CHECK(c.eval({"--format", "kenlm", "--json"}).code == 2);
  CHECK(c.eval({"--format", "srilm", "--streams", "2"}).code == 2);
  CHECK(c.eval({"--format", "srilm", "--cache", "9"}).code == 2);
  CHECK(c.eval({"--format", "kenlm", "--dynamic"}).code == 2);
}
