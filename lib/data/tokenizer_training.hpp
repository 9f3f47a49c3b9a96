// Makes the tokenizer for a training text.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "data/input_text.hpp"
#include "tokenizer/tokenizer.hpp"

namespace moelm {

struct TokenizerOptions {
  TokenizerKind kind = TokenizerKind::text;
  bool lowercase = false;
  Index vocabulary_size = 0;  ///< 0: the default of the kind
  Index min_count = 0;        ///< 0: the default of the kind
  std::string word_list;      ///< a file whose first column is the vocabulary (text, word); empty: counted
};

/// Replaces zeros by defaults: `text` 50,000 types that occur twice, `word` all types, `bpe` 16,384 tokens.
TokenizerOptions with_defaults(TokenizerOptions options);

/// Reads the training parts of the inputs and makes the tokenizer. The result depends on the text, not on the number of
/// threads. For byte and bpe all counts are 0: only encoding tells them.
std::unique_ptr<Tokenizer> train_tokenizer(std::vector<InputText>& inputs, const TokenizerOptions& options,
                                           const std::string& scratch_directory, BlockPipeline& pipeline);

}  // namespace moelm
