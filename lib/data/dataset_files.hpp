// The two documents of a data folder, read and compared with each other.
#pragma once

#include <memory>
#include <string>

#include "data/data_index.hpp"
#include "tokenizer/tokenizer.hpp"

namespace moelm {

struct ReadIndex {
  DataIndex index;
  std::string sha256;  ///< of the file
};

struct ReadTokenizer {
  std::unique_ptr<Tokenizer> tokenizer;
  std::string text;  ///< of the file
};

/// Error(missing_input) where the folder has none, Error(bad_data) with file and field where it is damaged.
ReadIndex read_data_index(const std::string& directory);

/// The tokenizer of the folder, which has to be the one that its index knows: Error(bad_data) else.
ReadTokenizer read_data_tokenizer(const std::string& directory, const DataIndex& index);

}  // namespace moelm
