// Index and tokenizer of a data folder, read and compared with each other.
#pragma once

#include <string>

#include "data/data_index.hpp"
#include "io/output_folder.hpp"
#include "tokenizer/tokenizer_file.hpp"

namespace moelm {

struct ReadIndex {
  DataIndex index;
  std::string sha256;  ///< of the file
};

/// Error(missing_input) if the folder has none, Error(bad_data) with file and field where it is damaged.
ReadIndex read_data_index(const std::string& directory);

/// The tokenizer of the folder. Error(bad_data) unless it is the one that the index knows.
StoredTokenizer read_data_tokenizer(const std::string& directory, const DataIndex& index);

/// The files that moe-tokenize writes into a data folder, index.json last.
extern const FolderKind kDataFolder;

}  // namespace moelm
