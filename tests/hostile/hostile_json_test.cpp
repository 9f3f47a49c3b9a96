// Documents, indexes, tokenizers and manifests of an attacker who puts their checksums right.
#include <array>

#include "checkpoint/manifest.hpp"
#include "data/data_index.hpp"
#include "hostile/refusal.hpp"
#include "io/checksum.hpp"
#include "io/file.hpp"
#include "io/json.hpp"
#include "support/stored_tokenizer.hpp"
#include "tokenizer/vocabulary_tokenizer.hpp"

using namespace moelm;

namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;

std::string index_text() {
  DataIndex index;
  index.vocabulary = 100;
  index.tokenizer_sha256 = sha256_hex("t");
  SplitIndex& train = index.split(Split::train);
  train.tokens = 30;
  train.lines = 3;
  train.inputs = {{"a.txt", 0, {0, 1}, {0, 10}}, {"b.txt", 0, {1, 3}, {10, 30}}};
  train.shards = {{"train-00000.shard", 20, sha256_hex("a")}, {"train-00001.shard", 10, sha256_hex("b")}};
  return index_file_text(index);
}

TokenizerFiles words_files() {
  Vocabulary vocabulary;
  for (const char* word : {"the", "</s>", "<unk>"}) vocabulary.words.add(word);
  vocabulary.counts = {9, 7, 5};
  return files_of(*make_vocabulary_tokenizer(TokenizerKind::word, false, std::move(vocabulary)));
}

std::string manifest() {
  Manifest m;
  m.name = {1200, 0};
  m.program = "moelm";
  m.files = {{"model.safetensors", 123, sha256_hex("a")}, {"state.json", 77, sha256_hex("")}};
  return manifest_text(m);
}

void read_index(const std::string& path) { parse_data_index(read_file(path, Index{1} << 30), path); }
void read_manifest_file(const std::string& path) { parse_manifest(read_file(path, Index{1} << 30), path); }

/// Changes to a sealed text, each sealed again.
std::vector<HostileFile> forged(const std::string& text, const std::string& name,
                                const std::vector<std::array<std::string, 3>>& changes) {
  std::vector<HostileFile> files;
  for (const auto& [from, to, expected] : changes)
    files.push_back({name + " " + from + " -> " + to.substr(0, 60), resealed_json(with(text, from, to)), expected});
  return files;
}

/// Names that lead elsewhere or act, as JSON writes them.
const std::vector<std::string> kNames = {
    "../x",     "/etc/passwd", "a/b", ".",        "..",  "",  ".x", "x\\n",  "x\\u001b[2J",
    "x\\u0000", "a\\\\b",      "x y", "\xc3\xa9", "x:y", "~", "*",  "$(id)", std::string(300, 'n')};

}  // namespace

TEST_CASE("hostile documents are refused with their place, in little memory", "[hostile]") {
  require_refused(
      "f.json", [](const std::string& path) { read_json(path); },
      {{"empty", "", "byte 1: not valid JSON"},
       {"white space alone", times(" \n", 1000), "not valid JSON"},
       {"a million arrays", std::string(1'000'000, '['), "expected at most 64 levels"},
       {"a million objects", times("{\"a\":", 1'000'000), "expected at most 64 levels"},
       {"larger than allowed", std::string(65 * kMiB, ' '), "size: expected at most 67108864 bytes"},
       {"many numbers", "[" + times("0,", 3 * kMiB) + "0]", "bytes of memory, found more"},
       {"many empty arrays", "[" + times("[],", kMiB) + "0]", "bytes of memory, found more"},
       {"many objects", "[" + times("{\"a\":{}},", kMiB / 2) + "0]", "bytes of memory, found more"},
       {"many strings", "[" + times("\"abcdefghijklmnopqr\",", kMiB / 2) + "0]", "bytes of memory, found more"},
       {"a long string", "\"" + std::string(50 * kMiB, 'a') + "\"", "byte 1: expected a string, number or word of at"},
       {"a string without end", "{\"a\": \"" + std::string(1000, 'a'), "missing closing quote"},
       {"a long string without end", "{\"a\": \"" + std::string(kMiB, 'a'), "byte 7: expected a string"},
       {"broken UTF-8", "[\"" + std::string(1000, 'a') + "\xff\"]", "byte 1003: not valid JSON"},
       {"a bad escape", "[\"" + std::string(1000, 'a') + "\\q\"]", "not valid JSON"},
       {"a long key", "{\"" + std::string(kMiB, 'k') + "\": 1}",
        "byte 2: expected a string, number or word of at most"},
       {"a long number", "[" + std::string(kMiB, '1') + "]", "of at most 65536 bytes, found 1048576"},
       {"beyond double", "[1e400]", "1e400"},
       {"NaN", "[NaN]", "byte 2: not valid JSON"},
       {"Infinity", "[-Infinity]", "not valid JSON"},
       {"a comment", "{} // x", "byte 4: not valid JSON"},
       {"a comma too many", "[1,]", "byte 4: not valid JSON"},
       {"two documents", "{}{}", "byte 3: not valid JSON"},
       {"half a pair", R"({"a": "\ud800"})", "not valid JSON"},
       {"the other half", R"({"a": "\udc00x"})", "not valid JSON"},
       {"overlong UTF-8", "[\"\xc0\xaf\"]", "UTF-8"},
       {"a control byte", std::string("[\"a\0b\"]", 7), "control character"},
       {"UTF-16", std::string("\xff\xfe{\0}\0", 6), "byte 1: not valid JSON"},
       {"a key twice", R"({"a": 1, "\u0061": 2})", "f.json: a: expected the key once in its object, found it twice"},
       {"a key twice, deep and long",
        R"([[{")" + std::string(999, 'k') + R"(": 1, ")" + std::string(999, 'k') + R"(": 2}]])",
        "expected the key once"}});
}

TEST_CASE("indexes that lie are refused by field", "[hostile]") {
  const std::string good = index_text();
  REQUIRE_NOTHROW(parse_data_index(resealed_json(good), "i"));
  require_refused("index.json", read_index,
                  forged(good, "index.json",
                         {{"\"tokens\":30", "\"tokens\":-1", "train.tokens: expected an integer"},
                          {"\"tokens\":30", "\"tokens\":1e300", "train.tokens: expected an integer"},
                          {"\"tokens\":30", "\"tokens\":18446744073709551614", "train.tokens: expected an integer"},
                          {"\"tokens\":30", "\"tokens\":9007199254740992", "train.inputs: expected parts that end"},
                          {"\"tokens\":30", "\"tokens\":\"30\"", "train.tokens: expected an integer"},
                          {"\"tokens\":30", "\"tokens\":null", "train.tokens: expected an integer"},
                          {"\"tokens\":30,", "", "train.tokens: missing"},
                          {"\"tokens\":30", "\"more\":1,\"tokens\":30", "train.more: unknown key"},
                          {"\"first_line\"", "\"more\":1,\"first_line\"", "train.inputs.0.more: unknown key"},
                          {"\"tokens\":20", "\"tokens\":20,\"more\":1", "train.shards.0.more: unknown key"},
                          {"\"kind\"", "\"more\":1,\"kind\"", "tokenizer.more: unknown key"},
                          {"\"vocabulary\":100", "\"vocabulary\":0", "tokenizer.vocabulary"},
                          {"\"vocabulary\":100", "\"vocabulary\":2147483647", "tokenizer.vocabulary"},
                          {"[0,10]", "[0,31]", "train.inputs.0.tokens.1: expected an integer from 0 to 30"},
                          {"[10,30]", "[9,30]", "train.inputs.1.tokens.0: expected an integer from 10 to 10"},
                          {"[10,30]", "[10,9]", "train.inputs.1.tokens.1"},
                          {"[10,30]", "[10]", "train.inputs.1.tokens: expected two numbers"},
                          {"\"tokens\":20", "\"tokens\":21", "train.shards: expected shards that hold 30 tokens"},
                          {"\"tokens\":20", "\"tokens\":9007199254740992", "train.shards: expected shards"},
                          {"\"tokens\":20", "\"tokens\":0", "train.shards.0.tokens"},
                          {"train-00001", "train-00000", "train.shards.1.file: expected the name of each file once"},
                          {sha256_hex("a"), sha256_hex("a").substr(1), "train.shards.0.tokens_sha256"},
                          {"\"valid\": {", "\"valid\": [{", "not valid JSON"},
                          {"\"version\": 2", "\"version\": 1", "version: expected 2, found 1; an earlier moelm"},
                          {"\"version\": 2", "\"version\": 3", "version: expected 2, found 3; use a newer moelm"},
                          {"\"kind\":\"text\"", "\"kind\":\"\\u001b]0;x\\u0007\"", "tokenizer.kind: expected text"}}));
  std::vector<HostileFile> names;
  for (const std::string& name : kNames)
    names.push_back({"name " + name, resealed_json(with(good, "train-00001.shard", name)),
                     "train.shards.1.file: expected the name of a file in the folder"});
  require_refused("index.json", read_index, names);
}

TEST_CASE("tokenizers that lie are refused by field, before memory is taken for what they claim", "[hostile]") {
  const TokenizerFiles good = words_files();
  const auto read = [&](const std::string& path) {
    put_file(parent_path(path) + "/vocab.txt", good.vocabulary);
    load_tokenizer(path);
  };
  require_refused("tokenizer.json", read,
                  forged(good.description, "tokenizer.json",
                         {{"\"vocabulary\": 3", "\"vocabulary\": 0", "vocabulary: expected an integer from 1"},
                          {"\"vocabulary\": 3", "\"vocabulary\": 3, \"merges\": []", "merges: unknown key"},
                          {"\"lowercase\": false,", "", "lowercase: missing"},
                          {"\"kind\": \"word\"", "\"kind\": \"bpe\"", "lowercase: unknown key"},
                          {"\"vocab_sha256\": \"", "\"vocab_sha256\": \"x", "vocab_sha256: expected a SHA-256"}}));
}

TEST_CASE("vocabularies that lie are refused by line, before memory is taken for what they claim", "[hostile]") {
  TokenizerFiles files = words_files();
  // As many words are claimed as there are lines, but all lines are the same.
  files.vocabulary = times("a\t1\n", 8 * kMiB);
  const auto read = [&](const std::string& path) {
    put_file(parent_path(path) + "/tokenizer.json", files.description);
    load_tokenizer(parent_path(path));
  };
  const auto refused = [&](const std::string& claim, const std::string& expected) {
    files.description = with(words_files().description, "\"vocabulary\": 3", "\"vocabulary\": " + claim);
    files = resealed(files);
    require_refused("vocab.txt", read, {{"claims " + claim, files.vocabulary, expected}});
  };
  refused(std::to_string(8 * kMiB), "line 2: expected every word once");
  refused("2000000000", "expected 2000000000 lines, as tokenizer.json says, found 8388608");
}

TEST_CASE("manifests that lie are refused by field", "[hostile]") {
  const std::string good = manifest();
  REQUIRE_NOTHROW(parse_manifest(resealed_json(good), "m"));
  require_refused("MANIFEST.json", read_manifest_file,
                  forged(good, "MANIFEST.json",
                         {{"\"bytes\":123", "\"bytes\":-1", "files.0.bytes: expected an integer"},
                          {"\"bytes\":123", "\"bytes\":1e400", "1e400"},
                          {"\"bytes\":123", "\"bytes\":123,\"bytes\":124", "expected the key once"},
                          {"\"bytes\":123", "\"bytes\":123,\"mode\":7", "files.0.mode: unknown key"},
                          {"state.json", "model.safetensors", "each file once"},
                          {"\"step\": 1200", "\"step\": 1201", "name: expected the name of the step"},
                          {"\"best\": \"\"", "\"best\": \"../../x\"", "best: expected the name of a checkpoint"},
                          {"step-000000001200", "step-00000000120", "name: expected the name of the step"},
                          {"\"format\": \"moelm-checkpoint\"", "\"format\": 1", "format: expected a string"}}));
  std::vector<HostileFile> names;
  for (const std::string& name : kNames)
    names.push_back({"name " + name, resealed_json(with(good, "state.json", name)), "files.1.name: expected a plain"});
  require_refused("MANIFEST.json", read_manifest_file, names);
}
