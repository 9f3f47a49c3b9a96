#include <memory>

#include "base/error.hpp"
#include "data/dataset.hpp"
#include "data/dataset_files.hpp"
#include "io/checksum.hpp"
#include "io/file.hpp"

namespace moelm {

namespace {

/// Sums over the tokens of a split.
struct TokenSums {
  Index lines = 0;
  Index unknown_words = 0;
  Index literal_unknown = 0;
};

/// Checks one file after another and goes on after an error.
class Verification {
 public:
  explicit Verification(const std::string& directory) : directory_(directory) {}

  std::vector<std::string> run() {
    // Without the index the contents of the folder are unknown.
    if (!note([&] { index_ = read_data_index(directory_).index; })) return std::move(errors_);
    note([&] { tokenizer_ = read_data_tokenizer(directory_, index_).tokenizer; });
    for (const auto& [name, split] : EnumNames<Split>::values) verify(split);
    return std::move(errors_);
  }

 private:
  /// Whether a check succeeded. An Error that it throws is added to the list.
  template <class Check>
  bool note(const Check& check) {
    try {
      check();
      return true;
    } catch (const Error& error) {
      errors_.emplace_back(error.what());
      return false;
    }
  }

  void verify(Split id) {
    const SplitIndex& split = index_.split(id);
    TokenSums sums;
    bool whole = tokenizer_ != nullptr;
    for (const ShardFile& shard : split.shards) {
      const std::string path = join_path(directory_, shard.name);
      whole = note([&] { add_tokens(path, shard, sums); }) && whole;
    }
    if (whole) compare_sums(id, split, sums);
  }

  /// Decodes every block and compares the checksum of the tokens.
  void add_tokens(const std::string& path, const ShardFile& shard, TokenSums& sums) {
    const bool has_unknown = index_.kind == TokenizerKind::text || index_.kind == TokenizerKind::word;
    const ShardLayout layout = read_shard_layout(path, index_.vocabulary, has_unknown, shard.tokens);
    std::vector<std::int32_t> stored;
    Sha256 checksum;
    for (std::size_t block = 0; block < layout.blocks.size(); ++block) {
      read_shard_block(layout, static_cast<Index>(block), stored);
      checksum.add(pack_ids(stored, layout.id_bytes));
      if (tokenizer_ == nullptr) continue;
      for (const std::int32_t id : stored) {
        sums.lines += id == tokenizer_->line_end_id() ? 1 : 0;
        sums.unknown_words += id == static_cast<std::int32_t>(index_.vocabulary) ? 1 : 0;
        sums.literal_unknown += id == tokenizer_->unknown_id() ? 1 : 0;
      }
    }
    if (const std::string found = checksum.finish(); found != shard.tokens_sha256)
      throw Error(Exit::bad_data, path + ": checksum of the tokens: expected " + shard.tokens_sha256 +
                                      " (as index.json says), found " + found);
  }

  void compare_sums(Split id, const SplitIndex& split, const TokenSums& sums) {
    const std::string where = join_path(directory_, kIndexFile) + ": " + std::string(enum_name(id)) + ".";
    const auto compare = [&](const char* key, Index expected, Index found) {
      if (expected != found)
        errors_.push_back(where + key + ": expected " + std::to_string(found) + " (as the shards say), found " +
                          std::to_string(expected));
    };
    // byte and bpe have no token at the end of a file whose last line is open.
    if (tokenizer_->unknown_id() >= 0) compare("lines", split.lines, sums.lines);
    compare("unknown_words", split.unknown_words, sums.unknown_words);
    compare("literal_unknown", split.literal_unknown, sums.literal_unknown);
  }

  const std::string& directory_;
  DataIndex index_;
  std::unique_ptr<Tokenizer> tokenizer_;
  std::vector<std::string> errors_;
};

}  // namespace

std::vector<std::string> verify_dataset(const std::string& directory) { return Verification(directory).run(); }

}  // namespace moelm
