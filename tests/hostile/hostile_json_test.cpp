// C5 and C7 for JSON: documents, indexes, tokenizers and manifests of an attacker who puts their checksums right.
#include <array>

#include "checkpoint/manifest.hpp"
#include "data/data_index.hpp"
#include "hostile/refusal.hpp"
#include "io/checksum.hpp"
#include "io/file.hpp"
#include "io/json.hpp"
#include "support/reseal.hpp"
#include "tokenizer/tokenizer_file.hpp"
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

std::string words_text() {
  Vocabulary vocabulary;
  for (const char* word : {"the", "</s>", "<unk>"}) vocabulary.words.add(word);
  vocabulary.counts = {9, 7, 5};
  return tokenizer_file_text(*make_vocabulary_tokenizer(TokenizerKind::word, false, std::move(vocabulary)),
                             std::vector<Index>{9, 7, 5});
}

std::string bpe_text(const std::string& merges, Index count) {
  return "{\n \"format\": \"moelm-tokenizer\",\n \"version\": 1,\n \"kind\": \"bpe\",\n \"vocabulary\": " +
         std::to_string(257 + count) + ",\n \"merges\": [" + merges + "],\n \"counts\": [" +
         times("0,", static_cast<std::size_t>(256 + count)) + "0]\n}";
}

std::string manifest() {
  Manifest m;
  m.name = {1200, 0};
  m.program = "moelm";
  m.files = {{"model.safetensors", 123, sha256_hex("a")}, {"state.json", 77, sha256_hex("")}};
  return manifest_text(m);
}

void read_index(const std::string& path) { parse_data_index(read_file(path, Index{1} << 30), path); }
void read_tokenizer(const std::string& path) { load_tokenizer(path); }
void read_manifest_file(const std::string& path) { parse_manifest(read_file(path, Index{1} << 30), path); }

/// Changes to a sealed text, each sealed again.
std::vector<HostileFile> forged(const std::string& text, const std::string& id,
                                const std::vector<std::array<std::string, 3>>& changes) {
  std::vector<HostileFile> files;
  for (const auto& [from, to, expected] : changes)
    files.push_back({id + " " + from + " -> " + to.substr(0, 60), resealed_json(with(text, from, to)), expected});
  return files;
}

/// Names that lead elsewhere or act, as JSON writes them.
const std::vector<std::string> kNames = {
    "../x",     "/etc/passwd", "a/b", ".",        "..",  "",  ".x", "x\\n",  "x\\u001b[2J",
    "x\\u0000", "a\\\\b",      "x y", "\xc3\xa9", "x:y", "~", "*",  "$(id)", std::string(300, 'n')};

}  // namespace

TEST_CASE("C5: hostile documents are refused with their place, in little memory") {
  require_refused(
      "f.json", [](const std::string& path) { read_json(path); },
      {{"C5-01 empty", "", "byte 1: not valid JSON"},
       {"C5-02 white space alone", times(" \n", 1000), "not valid JSON"},
       {"C5-03 a million arrays", std::string(1'000'000, '['), "byte 65: expected at most 64 levels"},
       {"C5-04 a million objects", times("{\"a\":", 1'000'000), "expected at most 64 levels"},
       {"C5-05 larger than allowed", std::string(65 * kMiB, ' '), "size: expected at most 67108864 bytes"},
       {"C5-06 many numbers", "[" + times("0,", 3 * kMiB) + "0]", "bytes of memory, found more"},
       {"C5-07 many empty arrays", "[" + times("[],", kMiB) + "0]", "bytes of memory, found more"},
       {"C5-08 many objects", "[" + times("{\"a\":{}},", kMiB / 2) + "0]", "bytes of memory, found more"},
       {"C5-09 many strings", "[" + times("\"abcdefghijklmnopqr\",", kMiB / 2) + "0]", "bytes of memory, found more"},
       {"C5-10 one great string", "\"" + std::string(50 * kMiB, 'a') + "\"", "bytes of memory, found more"},
       {"C5-11 a great string without end", "{\"a\": \"" + std::string(kMiB, 'a'), "missing closing quote"},
       {"C5-12 broken UTF-8 in a great string",
        "[\"" + std::string(kMiB, 'a') + "\xff" + std::string(kMiB, 'a') + "\"]", "byte 1048579: not valid JSON"},
       {"C5-13 a bad escape in a great string", "[\"" + std::string(kMiB, 'a') + "\\q" + std::string(kMiB, 'a') + "\"]",
        "not valid JSON"},
       {"C5-14 a great key", "{\"" + std::string(kMiB, 'k') + "\": 1}", "expected a key of at most 65536 bytes"},
       {"C5-15 a great number", "[" + std::string(kMiB, '1') + "]", "byte 4098: expected a number or word"},
       {"C5-16 beyond double", "[1e400]", "1e400"},
       {"C5-17 NaN", "[NaN]", "byte 2: not valid JSON"},
       {"C5-18 Infinity", "[-Infinity]", "not valid JSON"},
       {"C5-19 a comment", "{} // x", "byte 4: not valid JSON"},
       {"C5-20 a comma too many", "[1,]", "byte 4: not valid JSON"},
       {"C5-21 two documents", "{}{}", "byte 3: not valid JSON"},
       {"C5-22 half a pair", R"({"a": "\ud800"})", "not valid JSON"},
       {"C5-23 the other half", R"({"a": "\udc00x"})", "not valid JSON"},
       {"C5-24 overlong UTF-8", "[\"\xc0\xaf\"]", "UTF-8"},
       {"C5-25 a control byte", std::string("[\"a\0b\"]", 7), "control character"},
       {"C5-26 UTF-16", std::string("\xff\xfe{\0}\0", 6), "byte 1: not valid JSON"},
       {"C5-27 a key twice", R"({"a": 1, "\u0061": 2})", "key \"a\" is given twice"},
       {"C5-28 a key twice, deep and long",
        R"([[{")" + std::string(999, 'k') + R"(": 1, ")" + std::string(999, 'k') + R"(": 2}]])", "is given twice"}});
}

TEST_CASE("C5: indexes that lie are refused by field") {
  const std::string good = index_text();
  REQUIRE_NOTHROW(parse_data_index(resealed_json(good), "i"));
  require_refused("index.json", read_index,
                  forged(good, "C5-30",
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
    names.push_back({"C7 " + name, resealed_json(with(good, "train-00001.shard", name)),
                     "train.shards.1.file: expected the name of a file in the folder"});
  require_refused("index.json", read_index, names);
}

TEST_CASE("C5: tokenizers that lie are refused by field, before memory is taken for what they claim") {
  const std::string good = words_text();
  REQUIRE_NOTHROW(parse_tokenizer(resealed_json(good), "t"));
  require_refused("tokenizer.json", read_tokenizer,
                  forged(good, "C5-60",
                         {{"\"vocabulary\": 3", "\"vocabulary\": 2000000000", "words: expected 2000000000 lines"},
                          {"\"vocabulary\": 3", "\"vocabulary\": 0", "vocabulary: expected an integer from 1"},
                          {"\"vocabulary\": 3", "\"vocabulary\": 3, \"merges\": []", "merges: unknown key"},
                          {"[9,7,5]", "[9,7]", "counts: expected 3 numbers"},
                          {"[9,7,5]", "[9,7,5,1]", "counts: expected 3 numbers"},
                          {"[9,7,5]", "[9,[7],5]", "counts.1: expected an integer"},
                          {"[9,7,5]", "[9,{\"a\":7},5]", "counts.1: expected an integer"},
                          {"[9,7,5]", "[9,-7,5]", "counts.1: expected an integer"},
                          {"[9,7,5]", "[9,7.0,5]", "counts.1: expected an integer"},
                          {"[9,7,5]", "[9,9223372036854775808,5]", "counts.1: expected an integer"},
                          {"[9,7,5]", "[9,\"x\",5]", "counts.1: expected an integer"},
                          {"[9,7,5]", "{\"a\":9}", "counts: expected an array"},
                          {"the\\n", "the", "words: expected 3 lines"},
                          {"the\\n", "\\n", "words: expected no empty word"},
                          {"the\\n", "</s>\\n", "words: expected every word once"},
                          {"</s>", "s", "words: expected \"</s>\" among the words"},
                          {"\"lowercase\": false,", "", "lowercase: missing"},
                          {"\"kind\": \"word\"", "\"kind\": \"bpe\"", "lowercase: unknown key"}}));
  // 60 million words are claimed, and there are as many line ends: but all lines are one.
  const std::string lines = times("a\\n", 8 * kMiB);
  const std::string claim = "\"vocabulary\": " + std::to_string(8 * kMiB);
  const std::string many = with(with(good, "\"vocabulary\": 3", claim), "the\\n", lines.substr(6));
  require_refused("tokenizer.json", read_tokenizer,
                  {{"C5-80 the same word very often", resealed_json(many), "expected every word once"}});
  require_refused("tokenizer.json", read_tokenizer,
                  {{"C5-81 a merge of what comes later", resealed_json(bpe_text("116,104,257,101", 2)), "merges.2"},
                   {"C5-82 a merge twice", resealed_json(bpe_text("1,2,3,4,1,2", 3)), "merges.4: expected a pair"},
                   {"C5-83 too few ids", resealed_json(bpe_text("1", 1)), "merges: expected 2 ids"},
                   {"C5-84 a negative id", resealed_json(bpe_text("1,-2", 1)), "merges.1: expected an integer"}});
}

TEST_CASE("C5: manifests that lie are refused by field") {
  const std::string good = manifest();
  REQUIRE_NOTHROW(parse_manifest(resealed_json(good), "m"));
  require_refused("MANIFEST.json", read_manifest_file,
                  forged(good, "C5-90",
                         {{"\"bytes\":123", "\"bytes\":-1", "files.0.bytes: expected an integer"},
                          {"\"bytes\":123", "\"bytes\":1e400", "1e400"},
                          {"\"bytes\":123", "\"bytes\":123,\"bytes\":124", "given twice"},
                          {"\"bytes\":123", "\"bytes\":123,\"mode\":7", "files.0.mode: unknown key"},
                          {"state.json", "model.safetensors", "each file once"},
                          {"\"step\": 1200", "\"step\": 1201", "name: expected the name of the step"},
                          {"\"best\": \"\"", "\"best\": \"../../x\"", "best: expected the name of a checkpoint"},
                          {"step-000000001200", "step-00000000120", "name: expected the name of the step"},
                          {"\"format\": \"moelm-checkpoint\"", "\"format\": 1", "format: expected a string"}}));
  std::vector<HostileFile> names;
  for (const std::string& name : kNames)
    names.push_back({"C7 " + name, resealed_json(with(good, "state.json", name)), "files.1.name: expected a plain"});
  require_refused("MANIFEST.json", read_manifest_file, names);
}
