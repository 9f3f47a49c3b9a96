// The tokens of a Hugging Face tokenizer.json: vocabulary, added tokens and merges, each checked.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "io/json.hpp"
#include "tokenizer/bpe_tokenizer.hpp"

namespace moelm {

/// The tokens that a file declares beside its model.
struct AddedTokens {
  std::vector<std::pair<std::string, Index>> tokens;  ///< content and id
};

/// Error(bad_data) for a token that is not special: it would be matched anywhere in a text.
AddedTokens read_added_tokens(const JsonField& root);

/// The words of a WordLevel model with the added tokens, in the order of ids. Error(bad_data) unless the ids are
/// 0 ... n - 1, each once, and the words are not empty and have no white space.
std::vector<std::string> read_words(const JsonField& root, const AddedTokens& added);

/// The merges of a ByteLevel BPE model, numbered as moelm numbers them: 256 bytes, then the results of the merges.
struct ByteLevelMerges {
  std::vector<Merge> merges;
  std::vector<std::string> left_out;  ///< special tokens, which stand for no bytes
  Index renumbered = 0;               ///< tokens whose id in the file is another
};

/// Error(bad_data) if the vocabulary lacks a byte, if a merge joins unknown tokens, gives a known one or too long a
/// one, or if a token comes from no merge and is not special.
ByteLevelMerges read_merges(const JsonField& root, const AddedTokens& added);

}  // namespace moelm
