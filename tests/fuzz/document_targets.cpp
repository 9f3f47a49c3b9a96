// Readers of JSON: documents, and those with a seal, each as it is and with the seal put right.

#include "checkpoint/manifest.hpp"
#include "data/data_index.hpp"
#include "fuzz/scratch.hpp"
#include "fuzz/targets.hpp"
#include "io/json.hpp"
#include "support/stored_tokenizer.hpp"
#include "tokenizer/equal_tokens.hpp"
#include "tokenizer/hugging_face_reader.hpp"
#include "tokenizer/hugging_face_writer.hpp"

namespace moelm {

namespace {

/// Reads the bytes as they are, then with their seal put right; the second answer counts.
template <class Read>
std::string twice(std::string_view bytes, const Read& read) {
  refusal_of([&] { read(bytes); });
  const std::string sealed = resealed_json(bytes);
  return refusal_of([&] { read(std::string_view(sealed)); });
}

void use(const Tokenizer& tokenizer) {
  const TokenizerFiles files = files_of(tokenizer);
  promise(files_of(*parse_tokenizer(files, "t")) == files, "a tokenizer is written as it is read");
  EncodedText encoded;
  tokenizer.encode("the cat \xff\xc3 naïve\n\r\n  aaaa", encoded);
  for (const std::int32_t id : encoded.ids)
    promise(id >= 0 && id < tokenizer.vocabulary_size(), "ids are below the vocabulary's size");
  tokenizer.decode(encoded.ids);
}

}  // namespace

std::string fuzz_json(std::string_view bytes) {
  return refusal_of([&] {
    const Json value = parse_json(bytes, "f");
    const std::string text = json_text(value);
    promise(json_text(parse_json(text, "f")) == text, "a document is written as it is read");
  });
}

std::string fuzz_index(std::string_view bytes) {
  return twice(bytes, [](std::string_view text) {
    const DataIndex index = parse_data_index(text, "index");
    parse_data_index(index_file_text(index), "index");
    for (const SplitIndex& split : index.splits)
      for (const ShardFile& shard : split.shards) promise(is_plain_name(shard.name), "shards have plain names");
  });
}

std::string fuzz_tokenizer(std::string_view bytes) {
  const TokenizerFiles files = separated(bytes);
  refusal_of([&] { use(*parse_tokenizer(files, "tokenizer")); });
  return refusal_of([&] { use(*parse_tokenizer(resealed(files), "tokenizer")); });
}

std::string fuzz_hugging_face(std::string_view bytes) {
  return refusal_of([&] {
    const ForeignTokenizer read = parse_hugging_face(bytes, "tokenizer");
    use(*read.tokenizer);
    const ForeignTokenizer again = parse_hugging_face(hugging_face_text(*read.tokenizer), "again");
    promise(equal_tokens(*read.tokenizer, *again.tokenizer), "a tokenizer is written as it is read");
  });
}

std::string fuzz_manifest(std::string_view bytes) {
  return twice(bytes, [](std::string_view text) {
    const Manifest manifest = parse_manifest(text, "manifest");
    parse_manifest(manifest_text(manifest), "manifest");
    for (const ManifestFile& file : manifest.files) promise(is_plain_name(file.name), "files have plain names");
  });
}

}  // namespace moelm
