// moe-tokenize, moe-eval and moe-stats read the same odd bytes alike: lines, tokens, faults, notes and refusals.
#include <algorithm>
#include <set>
#include <sstream>

#include "base/escape.hpp"
#include "io/json.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/program.hpp"
#include "support/tiny_run.hpp"

using namespace moelm;

namespace {

const std::string kMark = "\xEF\xBB\xBF";

std::string repeated(const std::string& text, int times) {
  std::string result;
  for (int i = 0; i < times; ++i) result += text;
  return result;
}

std::vector<std::string> odd_texts() {
  return {
      "the cat sat\non the mat\n",
      "the cat sat\non the mat",
      "\n\nthe cat\n\n",
      "   \t \n  the   cat  ",
      "   ",
      kMark + "the cat\r\nsat\r\n",
      kMark + kMark + "the cat\n" + kMark + "\n",
      "the cat\rsat\r\r\n\r",
      "caf\xE9 na\xEFve \x80 cat\xE2\x82",
      "<s> the </s>\n<unk> cat\n",
      "zebra \xF0\x9F\x98\x80 \xE2\x80\xAE\n",
      repeated("a b ", 2100) + "\nsat\n",
      // No text at all:
      "",
      kMark,
      // Files of another kind:
      std::string("\xFF\xFE"
                  "t\0h\0e\0\n\0",
                  10),
      "%PDF-1.7\n",
      std::string("the\0cat\n\0\0\0\0", 12),
      "\x1f\x8b\x08 this is no gzip",
  };
}

/// What a command found in a text.
struct Finding {
  int code = 0;
  Index lines = 0, tokens = 0;
  std::set<std::string> notes;
  std::string error;  ///< without the name of the text
  Json json;
};

std::string after(const std::string& text, const std::string& part) {
  const std::size_t at = text.find(part);
  return at == std::string::npos ? "" : text.substr(at + part.size());
}

class Programs {
 public:
  explicit Programs(const std::string& kind, StateKind state) {
    put_file(directory_ / "plain", repeated("the cat sat on the mat\nthe dog ran\n", 20));
    put_file(directory_ / "empty", "");
    std::vector<std::string> command = {MOELM_BIN_DIR "/moe-tokenize", "--out", data(), "--tokenizer", kind, "--train",
                                        directory_ / "plain"};
    if (kind == "bpe") command.insert(command.end(), {"--vocab-size", "270"});
    const ProgramResult made = run_program(command);
    INFO(made.err);
    REQUIRE(made.code == 0);
    put_run(run(), data(), state);
  }

  Finding tokenize(const std::string& text) {
    put_file(path(), text);
    encoded_ = directory_ / ("encoded" + std::to_string(++count_));
    const ProgramResult result =
        run_program({MOELM_BIN_DIR "/moe-tokenize", "--out", encoded_, "--vocab", data(), "--json", "--train", path(),
                     "--valid", directory_ / "empty", "--test", directory_ / "empty"});
    Finding finding = finding_of(result, "");
    if (finding.code == 0) {
      finding.lines = finding.json["train"]["lines"].get<Index>();
      finding.tokens = finding.json["train"]["tokens"].get<Index>();
    }
    return finding;
  }

  Finding eval(const std::vector<std::string>& input) const {
    Finding finding = finding_of(program("moe-eval", input), "warning: " + name(input) + ": ");
    if (finding.code != 0) return finding;
    finding.lines = finding.json["sentences"].get<Index>();
    finding.tokens = finding.json["tokens"].get<Index>();
    return finding;
  }

  Finding stats(const std::vector<std::string>& input) const {
    Finding finding = finding_of(program("moe-stats", input), "warning: " + name(input) + ": ");
    if (finding.code != 0) return finding;
    finding.tokens = finding.json["tokens"].get<Index>();
    const std::string fact = finding.json["facts"]["tokens"].get<std::string>();
    std::istringstream(after(fact, " in ")) >> finding.lines;
    return finding;
  }

  std::vector<std::string> file() const { return {path()}; }
  std::vector<std::string> split() const { return {"--data", encoded_, "--split", "train"}; }

 private:
  std::string path() const { return directory_ / "text"; }
  std::string data() const { return directory_ / "data"; }
  std::string run() const { return directory_ / "run"; }
  std::string name(const std::vector<std::string>& input) const {
    return input.size() == 1 ? input[0] : encoded_ + ", split train";
  }
  ProgramResult program(const std::string& command_name, const std::vector<std::string>& input) const {
    std::vector<std::string> command = {MOELM_BIN_DIR "/" + command_name, run(), "--threads", "1", "--json"};
    command.insert(command.end(), input.begin(), input.end());
    return run_program(command);
  }

  static Finding finding_of(const ProgramResult& result, const std::string& before_note) {
    INFO(result.err);
    Finding finding;
    finding.code = result.code;
    if (result.code == 0) finding.json = parse_json(result.out, "output");
    std::istringstream lines(result.err);
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with("error: ")) finding.error = after(line, ": expected ");
      if (line.starts_with(before_note)) finding.notes.insert(line.substr(before_note.size()));
    }
    return finding;
  }

  TemporaryDirectory directory_;
  std::string encoded_;
  int count_ = 0;
};

void check_same(const Finding& a, const Finding& b) {
  CHECK(a.code == b.code);
  CHECK(a.lines == b.lines);
  CHECK(a.tokens == b.tokens);
  CHECK(a.notes == b.notes);
}

bool includes_all(const std::set<std::string>& all, const std::set<std::string>& some) {
  return std::includes(all.begin(), all.end(), some.begin(), some.end());
}

}  // namespace

TEST_CASE("odd bytes have the same lines, tokens, notes and refusals in all commands", "[odd-text]") {
  for (const char* kind : {"text", "word", "byte", "bpe"}) {
    Programs programs(kind, StateKind::carry);
    for (const std::string& text : odd_texts()) {
      INFO(kind << ": " << json_text(Json(to_valid_utf8(text.substr(0, 60)))));
      const Finding tokenized = programs.tokenize(text), scored = programs.eval(programs.file()),
                    counted = programs.stats(programs.file());
      check_same(scored, counted);
      CHECK(scored.error == counted.error);
      CHECK(tokenized.code == scored.code);
      CHECK(tokenized.lines == scored.lines);
      CHECK(tokenized.tokens == scored.tokens);
      CHECK(includes_all(tokenized.notes, scored.notes));
      if (tokenized.code != 0) continue;
      // The split has the same tokens; what was put right is on disk, the marks are not.
      const Finding split = programs.eval(programs.split());
      check_same(split, programs.stats(programs.split()));
      CHECK(split.tokens == scored.tokens);
      CHECK(split.lines == scored.lines);
      CHECK(split.json["nll_nats"].get<double>() == Approx(scored.json["nll_nats"].get<double>()).epsilon(1e-6));
      const Json& train = tokenized.json["train"];
      const bool faulty = train["malformed_utf8"] != 0 || train["crlf"] != 0 || train["byte_order_marks"] != 0;
      CHECK(split.notes.empty() == !faulty);
    }
  }
}

TEST_CASE("in state reset a text and its split have the same lines and tokens in all commands", "[odd-text]") {
  for (const char* kind : {"word", "byte"}) {
    Programs programs(kind, StateKind::reset);
    for (const std::string& text : odd_texts()) {
      INFO(kind << ": " << json_text(Json(to_valid_utf8(text.substr(0, 60)))));
      const Finding tokenized = programs.tokenize(text), scored = programs.eval(programs.file());
      check_same(scored, programs.stats(programs.file()));
      CHECK(tokenized.code == scored.code);
      if (tokenized.code != 0) continue;
      const Finding split = programs.eval(programs.split());
      check_same(split, programs.stats(programs.split()));
      CHECK(tokenized.lines == scored.lines);
      CHECK(split.lines == scored.lines);
      CHECK(split.tokens == scored.tokens);
    }
  }
}
