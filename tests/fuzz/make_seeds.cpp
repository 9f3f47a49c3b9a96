// Writes the seeds of the fuzzers: small files of every kind, sound ones and some that lie. Run after a format changed:
// make_seeds tests/fuzz/seeds
#include <cstring>
#include <filesystem>
#include <iostream>

#include "checkpoint/manifest.hpp"
#include "data/data_index.hpp"
#include "data/shard.hpp"
#include "io/checksum.hpp"
#include "io/compress.hpp"
#include "io/safetensors.hpp"
#include "options/config_json.hpp"
#include "options/presets.hpp"
#include "support/gzip_bytes.hpp"
#include "support/new_run.hpp"
#include "support/packed_bytes.hpp"
#include "support/stored_tokenizer.hpp"
#include "support/temporary_directory.hpp"
#include "support/tiny_data.hpp"
#include "tokenizer/bpe_tokenizer.hpp"
#include "tokenizer/byte_tokenizer.hpp"
#include "tokenizer/hugging_face_writer.hpp"
#include "tokenizer/vocabulary_tokenizer.hpp"
#include "training/progress_json.hpp"

using namespace moelm;

namespace {

std::string root;

void put(const std::string& target, const std::string& name, const std::string& bytes) {
  std::filesystem::create_directories(root + "/" + target);
  put_file(root + "/" + target + "/" + name, bytes);
}

void put_documents() {
  put("json", "good-values",
      R"({"a":[1,-2,18446744073709551615,0.1,1e-7,true,null],"b":{"ü":"\n\ud83d\ude00"},"c":{}})");
  put("json", "good-long", "[\"" + std::string(7'000, 'a') + "\\u00e4\\\\\", 1]");
  put("json", "bad-twice", R"({"a":1,"a":2})");
  put("json", "bad-deep", std::string(100, '['));
  put("json", "bad-utf8", "[\"\xff\"]");
  put("json", "bad-long", "[\"" + std::string(70'000, 'a') + "\"]");
  put("metrics", "good-lines",
      R"({"step":1,"loss":2.5,"moe":[]})"
      "\n"
      R"({"event":"bad_step","loss":"NaN"})"
      "\n{\"torn\":");
  put("metrics", "good-experts",
      R"({"split":"valid","step":1,"moe":[{"layer":2,"expert_tokens":[3,1]},{"layer":"x","expert_tokens":[1]},7]})"
      "\n"
      R"({"split":"valid","step":2,"moe":[{"layer":2,"expert_tokens":[0,4]},{"layer":4,"expert_tokens":[-1,2]}]})"
      "\n"
      R"({"split":"valid","step":2,"moe":[{"layer":2,"expert_tokens":[1e308,1e308]}]})"
      "\n");
  put("metrics", "bad-array", "[]\n");
  put("metrics", "bad-number", "{\"loss\":NaN}\n");
}

void put_index() {
  DataIndex index;
  index.vocabulary = 9;
  index.tokenizer_sha256 = sha256_hex("t");
  SplitIndex& train = index.split(Split::train);
  train.tokens = 30;
  train.lines = 3;
  train.inputs = {{"a.txt", 0, {0, 1}, {0, 9}}, {"b.txt", 4, {1, 3}, {9, 30}}};
  train.shards = {{"train-00000.shard", 20, sha256_hex("a")}, {"train-00001.shard", 10, sha256_hex("b")}};
  const std::string text = index_file_text(index);
  put("index", "good-split", text);
  put("index", "good-empty", index_file_text([] {
        DataIndex empty;
        empty.vocabulary = 257;
        empty.kind = TokenizerKind::byte;
        empty.tokenizer_sha256 = sha256_hex("t");
        return empty;
      }()));
  std::string bad = text;
  put("index", "bad-name", bad.replace(bad.find("train-00001"), 11, "../../etc/x"));
  put("index", "bad-cut", text.substr(0, text.size() / 2));
}

void put_tokenizers() {
  Vocabulary words;
  for (const char* word : {"the", "</s>", "<unk>", "naïve", "<script>"}) words.words.add(word);
  words.counts = {9, 7, 5, 2, 1};
  const std::string text = joined(files_of(*make_vocabulary_tokenizer(TokenizerKind::text, true, std::move(words))));
  put("tokenizer", "good-text", text);
  put("tokenizer", "good-byte", joined(files_of(*make_byte_tokenizer(std::vector<Index>(257, 4)))));
  put("tokenizer", "good-bpe",
      joined(files_of(*make_bpe_tokenizer({{'t', 'h'}, {256, 'e'}, {' ', 257}}, std::vector<Index>(260, 3)))));
  std::string bad = text;
  put("tokenizer", "bad-words", bad.replace(bad.find("the\t9"), 5, "</s>\t9"));
  bad = text;
  put("tokenizer", "bad-size", bad.replace(bad.find("\"vocabulary\": 5"), 15, "\"vocabulary\": 2000000000"));
}

/// What moe-export writes, and what others write.
void put_hugging_face() {
  Vocabulary words;
  for (const char* word : {"the", "</s>", "<unk>", "naïve", "<script>"}) words.words.add(word);
  words.counts.assign(5, 1);
  put("hugging_face", "good-text",
      hugging_face_text(*make_vocabulary_tokenizer(TokenizerKind::text, true, std::move(words))));
  const std::string bpe =
      hugging_face_text(*make_bpe_tokenizer({{'t', 'h'}, {256, 'e'}}, std::vector<Index>(259, 3), BpeWords::gpt2));
  put("hugging_face", "good-bpe", bpe);
  std::string bad = bpe;
  put("hugging_face", "bad-merge", bad.replace(bad.find("\"th e\""), 6, "\"th x\""));
  put("hugging_face", "good-words",
      R"({"version":"1.0","added_tokens":[{"id":2,"content":"[PAD]","special":true}],"normalizer":{"type":"Lowercase"},)"
      R"("pre_tokenizer":{"type":"WhitespaceSplit"},"model":{"type":"WordLevel","vocab":{"a":1,"[UNK]":0},)"
      R"("unk_token":"[UNK]"}})");
  put("hugging_face", "bad-kind", R"({"model":{"type":"Unigram","vocab":[["a",0.5]]}})");
}

void put_manifest() {
  Manifest manifest;
  manifest.name = {1200, 1};
  manifest.best = "step-000000000900";
  manifest.program = "moelm 0.1.0";
  manifest.files = {{"model.safetensors", 123, sha256_hex("a")}, {"state.json", 0, sha256_hex("")}};
  const std::string text = manifest_text(manifest);
  put("manifest", "good-two", text);
  std::string bad = text;
  put("manifest", "bad-name", bad.replace(bad.find("state.json"), 10, "../x.json"));
}

void put_tensors() {
  const std::vector<float> floats = {1, -2, 0.5f, 3, 4, 5};
  const std::vector<std::int64_t> longs = {-1, 7};
  const std::vector<std::uint16_t> halves = {0x3f80, 0xbf80, 0x4000};
  const std::vector<TensorView> tensors = {{"layers.0.weight", TensorType::f32, {2, 3}, floats.data()},
                                           {"half", TensorType::bf16, {3}, halves.data()},
                                           {"last_step", TensorType::i64, {2}, longs.data()},
                                           {"empty", TensorType::f32, {0, 5}, nullptr}};
  std::string bytes;
  write_safetensors(plan_safetensors(tensors, {{"format", "moelm"}}), tensors,
                    [&](const void* data, std::size_t count) { bytes.append(static_cast<const char*>(data), count); });
  put("tensors", "good-types", bytes);
  put("tensors", "bad-junk", bytes + "junk");
  std::string bad = bytes;
  put("tensors", "bad-shape", bad.replace(bad.find("[2,3]"), 5, "[9,9]"));
  bad = bytes;
  for (std::size_t i = 0; i < 4; ++i) bad[bytes.size() - 20 + i] = '\xff';
  put("tensors", "bad-nan", bad);
}

void put_shards() {
  const auto shard = [](Index vocabulary, const std::vector<std::int32_t>& ids) {
    const std::string block = deflate_block(pack_ids(ids, shard_id_bytes(vocabulary)));
    return encode_shard_head(vocabulary, static_cast<Index>(ids.size()), {block}) + block;
  };
  // The fuzzer takes for the vocabulary one more than the head says.
  put("shard", "good-two-bytes", shard(300, {1, 2, 3, 300, 0, 299}));
  put("shard", "good-four-bytes", shard(70'000, {1, 69'999, 70'000}));
  put("shard", "bad-id", shard(300, {1, 2, 3000}));
  put("shard", "bad-block", shard(300, std::vector<std::int32_t>(100, 7)) + "x");
}

void put_texts() {
  put("text", "good-lines", "the cat\r\nsat \xff on\n\nthe <unk> mat");
  put("text", "good-hostile",
      "\x1b]0;x\x07 \xe2\x80\xae <script>alert(1)</script> \xc2\x9b"
      "2J \xed\xa0\x80");
  put("text", "good-gzip", gzip_bytes("some text\nof two lines\n") + gzip_bytes("and more") + std::string(9, '\0'));
  put("text", "good-bomb", gzip_bytes(std::string(300'000, ' ')));
  const std::string packed = gzip_bytes("some text\nof two lines\n");
  put("text", "bad-cut", packed.substr(0, packed.size() - 5));
  put("text", "bad-junk", packed + "junk");
  const std::string text = "some text\nof two lines\n";
  put("text", "good-xz", xz_bytes(text) + xz_bytes("and more"));
  put("text", "good-bzip2", bzip2_bytes(text) + bzip2_bytes("and more"));
  put("text", "good-zstd", zstd_bytes(text) + zstd_bytes("and more"));
  put("text", "bad-xz", xz_bytes(text).substr(0, 50));
  put("text", "bad-bzip2", bzip2_bytes(text).substr(0, 40));
  put("text", "bad-zstd", zstd_bytes(text).substr(0, 20));
  put("text", "bad-pdf", "%PDF-1.7\n");
}

void put_rows() {
  const std::string rows = "1\t1\tthe\t-1.25\n1\t2\t\\u{22}\\n\t-0.5\n1\t3\t</s>\t0\n3\t1\t\\xff\t-1e-07\n";
  put("rows", "good-tokens", rows);
  put("rows", "good-gzip", gzip_bytes(rows));
  put("rows", "bad-fields", "1\t1\tthe\n");
  put("rows", "bad-order", rows + "2\t1\ta\t-1\n");
  put("rows", "bad-sum", "1\t1\tthe\t-1e308\n");
  put("rows", "bad-number", "1\t1\tthe\tnan\n");
}

void put_nbest() {
  put("nbest", "good-moses",
      "0 ||| the cat ||| LM0= -20.5 TM0= -1 -2 ||| -7.25 ||| 0-0\n0 ||| a cat ||| LM0= -21 TM0= -1 -3 ||| -8\n\n"
      "1 ||| ||| lm: -1 ||| -2\n");
  put("nbest", "good-srilm", "-12.5 -3 2 the cat\n-13 -2.5 3 <s> a big cat </s>\n-14 -1 0\n");
  put("nbest", "good-decipher", "NBestList1.0\n(-2047) the cat\r\n(-2100) a cat\r\nNBestList1.0\n(-5) dog\n");
  put("nbest", "bad-kaldi", "utt-1 the cat\nutt-2 a cat\n");
  put("nbest", "bad-words", "-12.5 -3 2 the cat\n-13 -2.5 9 a cat\n");
  put("nbest", "bad-score", "0 ||| the cat ||| LM0= -20.5 ||| x\n");
  put("nbest", "bad-header", "NBestList2.0\n(-5) dog ( st: 1 et: 2 g: -1 a: -2 )\n");
}

void put_run() {
  ConfigDraft draft;
  apply_document(find_preset("moe-32").document, "preset", draft);
  const std::string text = json_text(config_json(draft.config), 1);
  put("config", "good-preset", text);
  put("config", "good-small",
      R"({"model":{"layers":[{"type":"embedding","width":8},{"type":"lstm","cells":8},)"
      R"({"type":"moe","experts":4,"k":2,"hidden":[6,6]},{"type":"softmax"}]},"train":{"lr":0.1}})");
  put("config", "bad-key", R"({"train":{"lrr":0.1}})");
  put("config", "bad-value", R"({"train":{"batch":-1}})");
  put("config", "bad-layers", R"({"model":{"layers":[{"type":"softmax"}]}})");
  TrainProgress progress;
  progress.step = 12;
  put("state", "good-progress", json_text(progress_json(progress), 1));
  put("state", "bad-step", json_text([&] {
        Json state = progress_json(progress);
        state["step"] = -1;
        return state;
      }()));
}

/// The sealed config.json of a run, with a folder of data that is the same on every machine.
void put_sealed_run() {
  const TemporaryDirectory folder;
  put_data(folder / "data", *tiny_tokenizer(TokenizerKind::word, {"the"}), {"the\n", "the\n", "the\n"});
  RunConfig config;
  config.model = tiny_model();
  put_new_run(folder / "run", config, Dataset::open(folder / "data"));
  std::string text = get_file(folder / "run/config.json");
  text = resealed_json(text.replace(text.find(folder.path()), folder.path().size(), "/corpus"));
  put("run", "good-random", text);
  put("run", "bad-cut", text.substr(0, text.size() / 2));
  std::string bad = text;
  put("run", "bad-origin", bad.replace(bad.find("\"random\""), 8, "\"other\""));
  bad = text;
  put("run", "bad-vocabulary", bad.replace(bad.find("\"vocabulary\": "), 14, "\"vocabulary\": -"));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: make_seeds FOLDER\n";
    return 2;
  }
  root = argv[1];
  put_documents();
  put_index();
  put_tokenizers();
  put_hugging_face();
  put_manifest();
  put_tensors();
  put_shards();
  put_texts();
  put_rows();
  put_nbest();
  put_run();
  put_sealed_run();
  return 0;
}
