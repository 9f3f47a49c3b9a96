// A data folder, checked and ready to read: tokenizer, index and shards.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "data/data_index.hpp"
#include "data/shard.hpp"
#include "data/text_facts.hpp"
#include "tokenizer/tokenizer_file.hpp"

namespace moelm {

/// Immutable once open; all const functions are thread-safe. Copies share the tokenizer.
class Dataset {
 public:
  /// Reads index, tokenizer and the heads of all shards. Error(missing_input) if there is no data folder,
  /// Error(bad_data) with file and field or offset where something is damaged.
  static Dataset open(const std::string& directory);

  const std::string& directory() const { return directory_; }
  /// SHA-256 of index.json, by which a run knows its data.
  const std::string& checksum() const { return checksum_; }
  const Tokenizer& tokenizer() const { return *tokenizer_; }
  /// The files of the tokenizer, for the run folder.
  const TokenizerFiles& tokenizer_files() const { return tokenizer_files_; }
  const DataIndex& index() const { return index_; }
  /// Sums, inputs and files of a split: `data.split(Split::valid).tokens`.
  const SplitIndex& split(Split s) const { return index_.split(s); }
  Index tokens(Split s) const { return split(s).tokens; }
  Index lines(Split s) const { return split(s).lines; }
  /// Whether the tokens of a split tell its text: no unknown words, no case lost.
  bool lossless(Split s) const { return facts_of_split(split(s)).lossless(tokenizer()); }
  const std::vector<ShardLayout>& shards(Split s) const { return shards_[static_cast<std::size_t>(s)]; }

 private:
  Dataset() = default;
  std::string directory_, checksum_;
  TokenizerFiles tokenizer_files_;
  std::shared_ptr<const Tokenizer> tokenizer_;
  DataIndex index_;
  std::array<std::vector<ShardLayout>, 3> shards_;
};

/// Reads every byte of a data folder and lists all errors in it, one line each: checksums, blocks, sums of lines and
/// unknown words, missing and unreadable files. Empty if the folder is intact.
std::vector<std::string> verify_dataset(const std::string& directory);

}  // namespace moelm
