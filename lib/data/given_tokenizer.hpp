// The tokenizer that a user names for new data: that of a data folder or of a run.
#pragma once

#include <string>

#include "tokenizer/tokenizer_file.hpp"

namespace moelm {

/// Whether a path names a tokenizer, whose ids are kept, and not a list of words.
bool names_tokenizer(const std::string& path);

/// Reads the tokenizer of a folder or of its tokenizer.json. Where the folder has an index.json or the config.json of a
/// run, the tokenizer has to be the one that it knows: Error(bad_data) with both checksums otherwise.
StoredTokenizer read_given_tokenizer(const std::string& path);

}  // namespace moelm
