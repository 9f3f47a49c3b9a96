// A tokenizer made for a training text.
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

/// Defaults where the options say 0: `text` 50,000 types that occur twice, `word` all, `bpe` 16,384 tokens.
TokenizerOptions with_defaults(TokenizerOptions options);

/// Reads the training parts of the inputs and makes the tokenizer. The result depends on the text alone, not on
/// threads. For byte and bpe the counts are still 0: they are known when the text has been encoded.
std::unique_ptr<Tokenizer> train_tokenizer(std::vector<InputText>& inputs, const TokenizerOptions& options,
                                           const std::string& scratch_directory, BlockPipeline& pipeline);

}  // namespace moelm
