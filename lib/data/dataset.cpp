#include "data/dataset.hpp"

#include "base/error.hpp"
#include "data/tokenizer_file.hpp"
#include "io/checksum.hpp"
#include "io/file.hpp"

namespace moelm {

namespace {

constexpr Index kIndexLimit = Index{256} << 20;
constexpr Index kTokenizerLimit = Index{1} << 30;

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
  return read_file(path, kIndexLimit, Links::refuse);
}

}  // namespace

Dataset Dataset::open(const std::string& directory) {
  Dataset data;
  data.directory_ = directory;
  const std::string text = read_index_text(directory);
  data.checksum_ = sha256_hex(text);
  data.index_ = parse_data_index(text, join_path(directory, kIndexFile));
  const std::string tokenizer_path = join_path(directory, kTokenizerFile);
  data.tokenizer_text_ = read_file(tokenizer_path, kTokenizerLimit, Links::refuse);
  require_same(sha256_hex(data.tokenizer_text_), data.index_.tokenizer_sha256, tokenizer_path, "checksum",
               [](const std::string& s) { return s; });
  data.tokenizer_ = parse_tokenizer(data.tokenizer_text_, tokenizer_path);
  require_same(data.tokenizer_->vocabulary_size(), data.index_.vocabulary, tokenizer_path, "vocabulary",
               [](Index n) { return std::to_string(n); });
  require_same(data.tokenizer_->kind(), data.index_.kind, tokenizer_path, "kind",
               [](TokenizerKind kind) { return std::string(enum_name(kind)); });
  for (const auto& [name, split] : EnumNames<Split>::values)
    for (const ShardFile& shard : data.split(split).shards)
      data.shards_[static_cast<std::size_t>(split)].push_back(read_shard_layout(
          join_path(directory, shard.name), data.index_.vocabulary, !data.tokenizer_->keeps_bytes(), shard.tokens));
  return data;
}

}  // namespace moelm
