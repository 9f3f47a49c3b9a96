// moe-eval as a user runs it, on a tiny run: summaries, notes and refusals.
#include <zlib.h>

#include <cmath>
#include <filesystem>
#include <set>

#include "moe_eval_case.hpp"

using namespace moelm;

namespace {

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

}  // namespace

TEST_CASE("the summary of the run's own data, for people and for scripts") {
  const EvalCase c;
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
  const EvalCase c;
  const Json wide = c.summary({}), narrow = c.summary({"--dtype", "bf16"});
  CHECK(narrow["dtype"] == "bf16");
  CHECK(narrow["nll_nats"] != wide["nll_nats"]);
  CHECK(narrow["nll_nats"].get<double>() == Approx(wide["nll_nats"].get<double>()).epsilon(0.01));
  CHECK(holds(c.eval({"--dtype", "bf16"}).out, "dtype=bf16"));
}

TEST_CASE("a text is scored alike from shards, a file, gzip and a pipe") {
  const EvalCase c;
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
  const EvalCase carried, cut(StateKind::reset);
  CHECK(carried.summary({})["state"] == "carry");
  CHECK(cut.summary({})["state"] == "reset");
  CHECK(carried.nll({"--state", "reset"}) == cut.nll({}));
  CHECK(carried.nll({}) != cut.nll({}));
}

TEST_CASE("inputs that cannot be evaluated are refused with one line") {
  const EvalCase c;
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
  const EvalCase c;
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
  const EvalCase c;
  const Json json = parse_json(
      run_program({MOELM_BIN_DIR "/moe-eval", c.run() + "/checkpoints/step-000000000012", "--json"}).out, "output");
  CHECK(json["nll_nats"].get<double>() == c.nll({}));
}

TEST_CASE("data of another tokenizer are refused with the names of data and run") {
  const EvalCase c;
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
  const EvalCase seen, unseen(StateKind::carry, 0);
  CHECK_FALSE(holds(seen.eval({"-"}, "zebra\n").err, "never occurs"));
  CHECK_FALSE(holds(unseen.eval({"-"}, "the\n").err, "never occurs"));
  CHECK(holds(unseen.eval({"-"}, "zebra\n").err, "never occurs"));
}

TEST_CASE("an input that is not a run is named, with what to give instead") {
  const EvalCase c;
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
  const EvalCase c;
  CHECK(c.summary({"-"}, "the cat\n\na dog\n")["lossless"] == true);
  CHECK(c.summary({"-"}, "the cat")["lossless"] == true);
  for (const char* text :
       {"the  cat\n", " the cat\n", "the cat \n", "the\tcat\n", "the cat\r\n", "\xEF\xBB\xBFthe cat\n", "the zebra\n"})
    CHECK(c.summary({"-"}, text)["lossless"] == false);
  CHECK(holds(c.eval({"-"}, "the  cat\n").out, "do not contain the whole text"));
}

TEST_CASE("notes tell of marks and Latin-1 in a text") {
  const EvalCase c;
  const std::string marks = c.eval({"-"}, "<s> the cat </s>\n<unk>\n").err;
  CHECK(holds(marks, "stand 2 times in the text"));
  CHECK_FALSE(holds(c.eval({"-"}, "the <unk>\n").err, "in the text and"));
  const std::string latin = c.eval({"-"}, "the caf\xE9 na\xEFve gar\xE7on\n").err;
  CHECK(holds(latin, "3 malformed UTF-8 sequences were replaced by U+FFFD"));
  CHECK(holds(latin, "looks like Latin-1"));
  CHECK(holds(latin, "iconv -f WINDOWS-1252 -t UTF-8"));
  CHECK_FALSE(holds(c.eval({"-"}, "the \xE2\x82 cat \x80\n").err, "Latin-1"));
}
