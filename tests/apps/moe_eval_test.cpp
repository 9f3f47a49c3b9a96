// moe-eval as a user runs it, on a tiny run.
#include <zlib.h>

#include <cmath>
#include <filesystem>
#include <set>
#include <sstream>

#include "io/json.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/program.hpp"
#include "support/tiny_run.hpp"
#include "tokenizer/byte_tokenizer.hpp"

using namespace moelm;

namespace {

const std::string kText = "the cat sat\n\na zebra ran on the mat\n<unk> dog\n";
constexpr Index kTokens = 4 + 1 + 7 + 3;

std::vector<std::string> words() { return {"the", "cat", "dog", "sat", "ran", "on", "mat", "a", "bell\x07"}; }

/// data/, run/ trained on it, and the program.
struct Case {
  explicit Case(StateKind state = StateKind::carry, Index unknown_count = 1) {
    tokenizer = tiny_tokenizer(TokenizerKind::word, words(), unknown_count);
    put_data(data(), *tokenizer, {"the cat\n", "a dog\n", kText});
    put_run(run(), data(), state);
  }

  TemporaryDirectory directory;
  std::unique_ptr<Tokenizer> tokenizer;

  std::string data() const { return directory / "data"; }
  std::string run() const { return directory / "run"; }
  std::string file(const std::string& text) const {
    put_file(directory / "text", text);
    return directory / "text";
  }
  ProgramResult eval(std::vector<std::string> arguments, const std::string& input = "") const {
    return run_program(command(std::move(arguments)), input);
  }
  std::vector<std::string> command(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {MOELM_BIN_DIR "/moe-eval", run(), "--threads", "2"});
    return arguments;
  }
  Json summary(std::vector<std::string> arguments, const std::string& input = "") const {
    arguments.push_back("--json");
    const ProgramResult result = eval(std::move(arguments), input);
    INFO(result.err);
    REQUIRE(result.code == 0);
    return parse_json(result.out, "output");
  }
  double nll(const std::vector<std::string>& arguments, const std::string& input = "") const {
    return summary(arguments, input)["nll_nats"].get<double>();
  }
};

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

void put_gzip(const std::string& path, const std::string& text) {
  gzFile file = ::gzopen(path.c_str(), "wb");
  REQUIRE(::gzwrite(file, text.data(), static_cast<unsigned>(text.size())) == static_cast<int>(text.size()));
  ::gzclose(file);
}

std::set<std::string> everything_in(const std::string& directory) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) names.insert(entry.path());
  return names;
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

TEST_CASE("the summary of the run's own data, for people and for scripts") {
  const Case c;
  const std::set<std::string> before = everything_in(c.directory.path());
  const ProgramResult people = c.eval({});
  CHECK(people.code == 0);
  for (const char* part : {"perplexity", "split test", "state=carry", "step 12", "dtype=f32", "a byte"})
    CHECK(holds(people.out, part));
  const Json json = c.summary({});
  CHECK(everything_in(c.directory.path()) == before);
  CHECK(json["tokens"] == kTokens);
  CHECK(json["sentences"] == 4);
  CHECK(json["words"] == 11);
  CHECK(json["oov"] == 1);
  CHECK(json["unk"] == 1);
  CHECK(json["bytes"] == kText.size());
  CHECK(json["lossless"] == false);
  CHECK(json["step"] == 12);
  CHECK(json["dtype"] == "f32");
  CHECK(holds(json["checkpoint"], "step-000000000012"));
  CHECK(holds(json["policy"], "streams=1 (exact)"));
  const double nll = json["nll_nats"];
  CHECK(json["perplexity"].get<double>() == Approx(std::exp(nll / kTokens)));
  CHECK(json["perplexity_per_word"].get<double>() == Approx(std::exp(nll / 15)));
  CHECK(json["bits_per_token"].get<double>() == Approx(nll / kTokens / std::log(2)));
  CHECK(json["bits_per_byte"].get<double>() == Approx(nll / std::log(2) / static_cast<double>(kText.size())));
  CHECK(json["nll_oov_nats"].get<double>() > 0);
  CHECK(json["nll_eos_nats"].get<double>() > json["nll_oov_nats"].get<double>());
}

TEST_CASE("in bfloat16 the score is near that of single precision, and the report says so") {
  const Case c;
  const Json wide = c.summary({}), narrow = c.summary({"--dtype", "bf16"});
  CHECK(narrow["dtype"] == "bf16");
  CHECK(narrow["nll_nats"] != wide["nll_nats"]);
  CHECK(narrow["nll_nats"].get<double>() == Approx(wide["nll_nats"].get<double>()).epsilon(0.01));
  CHECK(holds(c.eval({"--dtype", "bf16"}).out, "dtype=bf16"));
}

TEST_CASE("a text is scored alike from shards, a file, gzip and a pipe") {
  const Case c;
  const double expected = c.nll({});
  CHECK(c.nll({c.file(kText)}) == Approx(expected).epsilon(1e-9));
  CHECK(c.nll({"-"}, kText) == Approx(expected).epsilon(1e-9));
  put_gzip(c.directory / "text.gz", kText);
  CHECK(c.nll({c.directory / "text.gz"}) == Approx(expected).epsilon(1e-9));
  CHECK(c.nll({c.file(kText.substr(0, kText.size() - 1))}) == Approx(expected).epsilon(1e-9));
  std::string windows;
  for (const char ch : kText) windows += ch == '\n' ? "\r\n" : std::string(1, ch);
  CHECK(c.nll({"-"}, windows) == Approx(expected).epsilon(1e-9));
  CHECK(c.nll({"--data", c.data(), "--split", "test"}) == expected);
  CHECK(c.nll({"--split", "valid"}) != expected);
  CHECK(c.summary({"--streams", "3"})["tokens"] == kTokens);
}

TEST_CASE("the state is as trained unless told otherwise") {
  const Case carried, cut(StateKind::reset);
  CHECK(carried.summary({})["state"] == "carry");
  CHECK(cut.summary({})["state"] == "reset");
  CHECK(carried.nll({"--state", "reset"}) == cut.nll({}));
  CHECK(carried.nll({}) != cut.nll({}));
}

TEST_CASE("--per-sentence prints a row per line, also for blank lines") {
  const Case c;
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
  const Case c;
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
  const Case c;
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
  const Case c;
  for (const char* kind : {"--per-sentence", "--per-token"})
    CHECK(c.eval({kind}).out == c.eval({c.file(kText), kind, "--state", "carry"}).out);
}

TEST_CASE("in state reset neither threads nor batches change a row") {
  const Case c(StateKind::reset);
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
  const Case c;
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

TEST_CASE("a closed output pipe is no error") {
  const Case c;
  Program program(c.command({"-", "--per-sentence", "--quiet"}));
  program.close_output();
  program.write(kText);
  const ProgramResult result = program.finish();
  CHECK(result.err.empty());
  CHECK(result.code == 128 + SIGPIPE);
}

TEST_CASE("inputs that cannot be evaluated are refused with one line") {
  const Case c;
  const auto refused = [&](const std::vector<std::string>& arguments, Exit exit, const std::string& part,
                           const std::string& input = "") {
    const ProgramResult result = c.eval(arguments, input);
    INFO(result.err);
    CHECK(result.code == static_cast<int>(exit));
    CHECK(result.out.empty());
    CHECK(holds(result.err, "error: "));
    CHECK(holds(result.err, part));
  };
  refused({"-"}, Exit::bad_data, "standard input: expected text, found 0 bytes");
  refused({"-", "--per-sentence"}, Exit::bad_data, "0 bytes");
  refused({"/nonexistent/text"}, Exit::missing_input, "/nonexistent/text");
  refused({c.data()}, Exit::bad_data,
          "expected a text, found a data folder; to score a split of it: moe-eval run/ --data");
  refused({"the cat sat"}, Exit::missing_input, "to score a sentence: echo ... | moe-eval run/ -");
  refused({"-"}, Exit::bad_data, "found 3 bytes without a word", "\xEF\xBB\xBF");
  refused({"-", "--streams", "2"}, Exit::bad_data, "found 3 bytes without a word", "\xEF\xBB\xBF");
  refused({"-"}, Exit::bad_data, "iconv -f UTF-16", "\xFF\xFE" + std::string("a\0\n\0", 4));
  refused({"-"}, Exit::bad_data, "pdftotext", "%PDF-1.7\n");
  refused({"-ppl", "text"}, Exit::usage, "-ppl: unknown option; did you mean the text after the run");
  refused({"--data", "/nonexistent"}, Exit::missing_input, "/nonexistent");
  refused({"--dtype", "f16"}, Exit::usage, "f32, bf16");
  refused({"text", "--split", "test"}, Exit::usage, "found both");
  refused({"--per-token", "--per-sentence"}, Exit::usage, "together");
  refused({"--streams", "4", "--per-token"}, Exit::usage, "--streams");
  refused({"--streams", "4", "--state", "reset"}, Exit::usage, "--streams");
  refused({"--streams", "0"}, Exit::usage, "--streams");
  refused({"--sentence"}, Exit::usage, "--sentence");
  put_file(c.directory / "broken.gz", "\x1f\x8b\x08garbage");
  refused({c.directory / "broken.gz"}, Exit::bad_data, "broken.gz");
}

TEST_CASE("a run without checkpoint, and no run at all, are missing input") {
  const Case c;
  std::filesystem::remove_all(c.directory / "run/checkpoints");
  const ProgramResult untrained = c.eval({});
  CHECK(untrained.code == 66);
  CHECK(holds(untrained.err, "checkpoint"));
  CHECK(run_program({MOELM_BIN_DIR "/moe-eval", c.directory / "nothing"}).code == 66);
  const ProgramResult bare = run_program({MOELM_BIN_DIR "/moe-eval"});
  CHECK(bare.code == 2);
  CHECK(holds(bare.err, "usage"));
}

TEST_CASE("a checkpoint folder may be given instead of the run") {
  const Case c;
  const Json json = parse_json(
      run_program({MOELM_BIN_DIR "/moe-eval", c.run() + "/checkpoints/step-000000000012", "--json"}).out, "output");
  CHECK(json["nll_nats"].get<double>() == c.nll({}));
}

TEST_CASE("data of another tokenizer are refused with the names of data and run") {
  const Case c;
  const std::string other = c.directory / "other", same = c.directory / "same";
  put_data(other, *tiny_tokenizer(TokenizerKind::word, {"une", "souris"}), {"une\n", "une\n", "souris\n"});
  const ProgramResult refused = c.eval({"--data", other});
  CHECK(refused.code == 78);
  CHECK(holds(refused.err, other));
  CHECK(holds(refused.err, c.run()));
  put_data(same, *c.tokenizer, {"the\n", "a\n", "the dog\n"});
  CHECK(c.summary({"--data", same})["tokens"] == 3);
  std::filesystem::remove_all(c.data());
  const ProgramResult gone = c.eval({});
  CHECK(gone.code == 66);
  CHECK(holds(gone.err, "--data"));
  put_data(c.data(), *c.tokenizer, {"the\n", "a\n", "the dog\n"});
  CHECK(c.eval({}).code == 78);
}

TEST_CASE("a model that never saw <unk> warns about unknown words") {
  const Case seen, unseen(StateKind::carry, 0);
  CHECK_FALSE(holds(seen.eval({"-"}, "zebra\n").err, "never occurs"));
  CHECK_FALSE(holds(unseen.eval({"-"}, "the\n").err, "never occurs"));
  CHECK(holds(unseen.eval({"-"}, "zebra\n").err, "never occurs"));
}

TEST_CASE("an input that is no run is named, with what to give instead") {
  const Case c;
  const auto refused = [&](const std::vector<std::string>& arguments, const std::string& part) {
    std::vector<std::string> command = arguments;
    command.insert(command.begin(), MOELM_BIN_DIR "/moe-eval");
    const ProgramResult result = run_program(command);
    INFO(result.err);
    CHECK(result.code == 66);
    CHECK(holds(result.err, part));
  };
  refused({c.data()}, "expected a run, found a data folder; moe-train --data");
  refused({c.run() + "/checkpoints"}, "expected a run, found the checkpoints of a run; give the run");
  refused({c.file(kText), c.run()}, "expected a run, found a file; the run comes first: moe-eval run/ ");
  refused({"the cat sat"}, "found nothing of that name; to score a sentence: echo ... | moe-eval run/ -");
}

TEST_CASE("a text that its tokens cannot restore is not called lossless") {
  const Case c;
  CHECK(c.summary({"-"}, "the cat\n\na dog\n")["lossless"] == true);
  CHECK(c.summary({"-"}, "the cat")["lossless"] == true);
  for (const char* text :
       {"the  cat\n", " the cat\n", "the cat \n", "the\tcat\n", "the cat\r\n", "\xEF\xBB\xBFthe cat\n", "the zebra\n"})
    CHECK(c.summary({"-"}, text)["lossless"] == false);
  CHECK(holds(c.eval({"-"}, "the  cat\n").out, "do not tell the whole text"));
}

TEST_CASE("notes tell of marks and Latin-1 in a text") {
  const Case c;
  const std::string marks = c.eval({"-"}, "<s> the cat </s>\n<unk>\n").err;
  CHECK(holds(marks, "stand 2 times in the text"));
  CHECK_FALSE(holds(c.eval({"-"}, "the <unk>\n").err, "in the text and"));
  const std::string latin = c.eval({"-"}, "the caf\xE9 na\xEFve gar\xE7on\n").err;
  CHECK(holds(latin, "3 malformed UTF-8 sequences were replaced by U+FFFD"));
  CHECK(holds(latin, "looks like Latin-1"));
  CHECK(holds(latin, "iconv -f WINDOWS-1252 -t UTF-8"));
  CHECK_FALSE(holds(c.eval({"-"}, "the \xE2\x82 cat \x80\n").err, "Latin-1"));
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
