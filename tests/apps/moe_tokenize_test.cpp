// moe-tokenize as a user runs it: outputs, messages and exit codes.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include "io/json.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/gzip_bytes.hpp"
#include "support/process.hpp"
#include "support/temporary_directory.hpp"

using namespace moelm;

namespace {

ProcessResult tokenize(std::vector<std::string> arguments, const std::string& input = "") {
  arguments.insert(arguments.begin(), MOELM_BIN_DIR "/moe-tokenize");
  return run(arguments, input);
}

std::string slurp(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::map<std::string, std::string> contents(const std::string& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    files[entry.path().filename().string()] = slurp(entry.path().string());
  return files;
}

std::string lines(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += "The " + std::to_string(i % 10) + " little foxes, that spoil the vines.\n";
  return text;
}

/// Whether anything in a text could act on a terminal.
bool is_harmless(const std::string& text) {
  for (const char c : text)
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\n') || c == 0x7F) return false;
  return true;
}

}  // namespace

TEST_CASE("moe-tokenize explains itself") {
  const ProcessResult none = tokenize({}), help = tokenize({"--help"}), version = tokenize({"--version"});
  CHECK(none.code == 2);
  CHECK(none.out.empty());
  CHECK(holds(none.err, "--train"));
  CHECK(help.code == 0);
  for (const char* part : {"--vocab-size", "--lowercase", "moe-tokenize --out data/ --train book.txt", "73", "75"})
    CHECK(holds(help.out, part));
  CHECK(version.code == 0);
  CHECK(holds(version.out, "moe-tokenize"));
}

TEST_CASE("a text gives a table on stdout and notes on stderr") {
  const TemporaryDirectory folder;
  put_file(folder / "a.txt", lines(400));
  const ProcessResult result = tokenize({"--out", folder / "data", "--train", folder / "a.txt"});
  CHECK(result.code == 0);
  for (const char* part : {"lines", "words", "tokens", "OOV rate", "bytes", "vocabulary", "finding splits", "counting",
                           "encoding", "MB/s", "train", "valid", "test"})
    CHECK(holds(result.out, part));
  const ProcessResult given = tokenize({"--out", folder / "given", "--train", folder / "a.txt", "--valid",
                                        folder / "a.txt", "--test", folder / "a.txt", "--vocab", folder / "data"});
  CHECK(given.code == 0);
  CHECK(holds(given.out, "encoding"));
  CHECK_FALSE(holds(given.out, "counting"));
  CHECK_FALSE(holds(given.out, "finding splits"));
  CHECK(holds(result.err, "valid and test are each the last 5 % of each training file, at most 250,000 tokens"));
  CHECK(holds(result.err, "<unk> never occurs in the training text"));
  CHECK(holds(result.err, "--min-count 2"));
  CHECK(std::filesystem::exists(folder / "data/index.json"));
  const ProcessResult quiet = tokenize({"--quiet", "--out", folder / "data2/", "--train", folder / "a.txt"});
  CHECK(quiet.code == 0);
  CHECK(holds(quiet.err, "error") == false);
  CHECK(contents(folder / "data") == contents(folder / "data2"));
}

TEST_CASE("--json is one object with the same numbers") {
  const TemporaryDirectory folder;
  put_file(folder / "t", lines(100));
  put_file(folder / "v", "The little unseen foxes\n");
  const ProcessResult result = tokenize({"--json", "--out", folder / "data", "--train", folder / "t", "--valid",
                                         folder / "v", "--test", folder / "v", "--tokenizer", "word"});
  REQUIRE(result.code == 0);
  const Json json = parse_json(result.out, "output");
  CHECK(json["train"]["tokens"] == 900);
  CHECK(json["train"]["lines"] == 100);
  CHECK(json["valid"]["oov"] == 2);  // "unseen", and "foxes" without its comma
  CHECK(json["valid"]["bytes"] == 24);
  CHECK(json["tokenizer"] == "word");
  CHECK(json["unk_in_training"] == false);
}

TEST_CASE("standard input, gzip and plain files give the same folder, but for their names") {
  const TemporaryDirectory folder;
  const std::string text = lines(5000);
  put_file(folder / "a", text);
  put_file(folder / "b", gzip_bytes(text));
  const auto shards = [&](const std::string& out, const std::string& input, const std::string& sent) {
    const ProcessResult result = tokenize({"--out", folder / out, "--train", input}, sent);
    REQUIRE(result.code == 0);
    auto files = contents(folder / out);
    CHECK(files.erase("index.json") == 1);
    return files;
  };
  const auto plain = shards("plain", folder / "a", "");
  CHECK(plain.size() == 5);
  CHECK(shards("gzip", folder / "b", "") == plain);
  CHECK(shards("stdin", "-", text) == plain);
  CHECK(shards("stdin-gzip", "-", gzip_bytes(text)) == plain);
}

TEST_CASE("every failure has its exit code and one line, and leaves nothing") {
  const TemporaryDirectory folder;
  put_file(folder / "a", lines(10));
  put_file(folder / "empty", "");
  put_file(folder / "bad.gz", gzip_bytes(lines(100)).substr(0, 60));
  const auto refusal = [&](int code, std::vector<std::string> arguments) {
    const ProcessResult result = tokenize(arguments);
    CHECK(result.code == code);
    CHECK(result.out.empty());
    CHECK(holds(result.err, "error: "));
    CHECK(is_harmless(result.err));
    CHECK_FALSE(std::filesystem::exists(folder / "data"));
    CHECK_FALSE(std::filesystem::exists(folder / "data.partial"));
    return result.err;
  };
  const std::string out = folder / "data";
  CHECK(holds(refusal(66, {"--out", out, "--train", folder / "none"}), "none: open: No such file"));
  CHECK(holds(refusal(65, {"--out", out, "--train", folder / "empty"}), "empty: expected training text"));
  CHECK(holds(refusal(65, {"--out", out, "--train", folder / "bad.gz"}), "bad.gz: uncompressed offset"));
  CHECK(holds(refusal(65, {"--out", out, "--train", folder.path()}), "found a directory"));
  CHECK(holds(refusal(2, {"--out", out, "--train", folder / "a", "--tokenizer", "words"}), "--tokenizer"));
  CHECK(holds(refusal(2, {"--out", out, "--train", folder / "a", "--vocab-size", "many"}), "--vocab-size"));
  CHECK(holds(refusal(2, {"--train", folder / "a"}), "--out"));
  CHECK(holds(refusal(2, {"--out", out}), "--train"));
  CHECK(holds(refusal(2, {"--out", out, "--train", folder / "a", "--seed", "1"}), "--seed"));
  refusal(66, {"--out", out, "--train", folder / "evil\x1B[31m\nname"});
}

TEST_CASE("nothing is overwritten") {
  const TemporaryDirectory folder;
  put_file(folder / "a", lines(30));
  REQUIRE(tokenize({"--out", folder / "data", "--train", folder / "a"}).code == 0);
  const auto before = contents(folder / "data");
  const ProcessResult again = tokenize({"--out", folder / "data", "--train", folder / "a"});
  CHECK(again.code == 73);
  CHECK(contents(folder / "data") == before);
  CHECK(tokenize({"--out", folder / "a", "--train", folder / "a"}).code == 73);
  CHECK(slurp(folder / "a") == lines(30));
}

TEST_CASE("hostile file names are harmless in the report") {
  const TemporaryDirectory folder;
  const std::string name = folder / "evil\x1B]0;x\x07\xE2\x80\xAE";
  put_file(name, lines(30));
  for (const char* format : {"--quiet", "--json"}) {
    std::filesystem::remove_all(name + "-data");
    const ProcessResult result = tokenize({format, "--out", name + "-data", "--train", name});
    CHECK(result.code == 0);
    CHECK(is_harmless(result.out));
    CHECK(is_harmless(result.err));
    CHECK_FALSE(holds(result.out, "\xE2\x80\xAE"));
  }
}

TEST_CASE("a signal ends it with 75 and leaves no folder; run again, it works") {
  const TemporaryDirectory folder;
  for (const int number : {SIGTERM, SIGINT, SIGUSR1}) {
    // The input stays open, so the program is still waiting for it when the signal comes.
    Process process({MOELM_BIN_DIR "/moe-tokenize", "--out", folder / "data", "--train", "-"});
    while (!std::filesystem::exists(folder / "data.partial")) ::usleep(1000);
    process.signal(number);
    const ProcessResult result = process.finish(lines(10));
    // What little was sent may have been read to its end before the signal was looked at.
    if (result.code != 0) {
      CHECK(result.code == 75);
      CHECK(holds(result.err, "stopped on request"));
      CHECK_FALSE(std::filesystem::exists(folder / "data"));
    }
    CHECK_FALSE(std::filesystem::exists(folder / "data.partial"));
    std::filesystem::remove_all(folder / "data");
  }
  CHECK(tokenize({"--out", folder / "data", "--train", "-"}, lines(10)).code == 0);
}

TEST_CASE("killed at any moment, it can simply be run again, with the same result") {
  const TemporaryDirectory folder;
  put_file(folder / "a", lines(60'000));
  REQUIRE(tokenize({"--out", folder / "expected", "--train", folder / "a"}).code == 0);
  const auto expected = contents(folder / "expected");
  for (int milliseconds = 0; milliseconds < 60; milliseconds += 6) {
    Process process({MOELM_BIN_DIR "/moe-tokenize", "--out", folder / "data", "--train", folder / "a"});
    ::usleep(static_cast<useconds_t>(milliseconds) * 1000);
    process.signal(SIGKILL);
    process.finish();
    if (!std::filesystem::exists(folder / "data"))
      REQUIRE(tokenize({"--out", folder / "data", "--train", folder / "a"}).code == 0);
    REQUIRE(contents(folder / "data") == expected);
    std::filesystem::remove_all(folder / "data");
  }
}
