// A data folder: tokenizer, index and shards, checked and ready to be read.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "data/data_index.hpp"
#include "data/shard.hpp"
#include "data/text_facts.hpp"
#include "tokenizer/tokenizer.hpp"

namespace moelm {

/// Immutable once open; all const functions are thread-safe. Copies share the tokenizer.
class Dataset {
 public:
  /// Reads index, tokenizer and the heads of all shards. Error(missing_input) where there is none,
  /// Error(bad_data) with file and field or offset where something is damaged.
  static Dataset open(const std::string& directory);

  const std::string& directory() const { return directory_; }
  /// SHA-256 of index.json: what a run knows its data by.
  const std::string& checksum() const { return checksum_; }
  const Tokenizer& tokenizer() const { return *tokenizer_; }
  std::shared_ptr<const Tokenizer> shared_tokenizer() const { return tokenizer_; }
  /// The text of tokenizer.json, for the run folder.
  const std::string& tokenizer_text() const { return tokenizer_text_; }
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
  std::string directory_, checksum_, tokenizer_text_;
  std::shared_ptr<const Tokenizer> tokenizer_;
  DataIndex index_;
  std::array<std::vector<ShardLayout>, 3> shards_;
};

/// Reads every byte of a data folder and lists all faults, one line each: checksums of files, every block, sums of
/// tokens, lines and unknown words; a file that is missing or cannot be read is a fault like any other, and does not
/// keep from the next. Empty if it is sound. `stop` is asked now and then; true ends with Exit::stopped.
std::vector<std::string> verify_dataset(const std::string& directory, const std::function<bool()>& stop = {});

}  // namespace moelm
