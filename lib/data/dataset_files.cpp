#include "data/dataset_files.hpp"

#include "base/error.hpp"
#include "io/checksum.hpp"
#include "io/file.hpp"
#include "tokenizer/tokenizer_file.hpp"

namespace moelm {

namespace {

template <class T>
void require_same(const T& found, const T& expected, const std::string& file, const char* field, auto&& show) {
  if (found != expected)
    throw Error(Exit::bad_data,
                file + ": " + field + ": expected " + show(expected) + " (as index.json says), found " + show(found));
}

std::string read_index_text(const std::string& directory) {
  const std::string path = join_path(directory, kIndexFile);
  if (!path_exists(path))
    throw Error(Exit::missing_input,
                directory + ": expected a data folder with " + std::string(kIndexFile) +
                    ", found none; moe-tokenize makes one (an interrupted one leaves no index: run it again)");
  return read_file(path, kMaxIndexBytes, Links::refuse);
}

bool is_shard(std::string_view name) {
  constexpr std::string_view kShard = ".shard";
  const std::size_t split = name.find('-');
  if (split == std::string_view::npos || !name.ends_with(kShard)) return false;
  const std::string_view digits = name.substr(split + 1, name.size() - split - 1 - kShard.size());
  return parse_enum<Split>(name.substr(0, split)) && digits.size() >= 5 &&
         digits.find_first_not_of("0123456789") == std::string_view::npos;
}

bool is_data_file(std::string_view name) {
  return is_shard(name) || name.starts_with(".moelm-scratch-") || name == kTokenizerFile || name == kVocabularyFile ||
         name == kIndexFile;
}

}  // namespace

const FolderKind kDataFolder{"moe-tokenize", kIndexFile, is_data_file, is_shard};

ReadIndex read_data_index(const std::string& directory) {
  const std::string text = read_index_text(directory);
  return {parse_data_index(text, join_path(directory, kIndexFile)), sha256_hex(text)};
}

StoredTokenizer read_data_tokenizer(const std::string& directory, const DataIndex& index) {
  StoredTokenizer stored = read_known_tokenizer(directory, index.tokenizer_sha256, std::string(kIndexFile));
  const std::string path = join_path(directory, kTokenizerFile);
  require_same(stored.tokenizer->vocabulary_size(), index.vocabulary, path, "vocabulary",
               [](Index n) { return std::to_string(n); });
  require_same(stored.tokenizer->kind(), index.kind, path, "kind",
               [](TokenizerKind kind) { return std::string(enum_name(kind)); });
  return stored;
}

}  // namespace moelm
