// The tokenizer that a user names for new data: that of a data folder, of a run, or of other software.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tokenizer/tokenizer_file.hpp"

namespace moelm {

/// A tokenizer with its files, if it is one of moelm: another has no counts yet.
struct GivenTokenizer {
  std::unique_ptr<Tokenizer> tokenizer;
  std::optional<TokenizerFiles> files;
  std::vector<std::string> notes;  ///< what of it is not kept
};

/// Whether a path names a tokenizer (a folder, or a file NAME.json), whose ids are kept, and not a list of words.
bool names_tokenizer(const std::string& path);

/// Reads the tokenizer of a folder or of a file, which may be a Hugging Face tokenizer.json. Where the folder has an
/// index.json or the config.json of a run, the tokenizer has to be the one that it knows: Error(bad_data) with both
/// checksums otherwise.
GivenTokenizer read_given_tokenizer(const std::string& path);

}  // namespace moelm
