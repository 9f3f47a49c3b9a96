// vocab.txt: a line for each token, in the order of ids: the token, a TAB, its count in the training text.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/tokenizer.hpp"
#include "tokenizer/vocabulary_tokenizer.hpp"

namespace moelm {

/// The text of the file. Words stand as they are. In the pieces of byte and bpe, control bytes and bytes that are not
/// UTF-8 are `\x9b`, and a backslash is doubled.
std::string vocabulary_text(const Tokenizer& tokenizer, std::span<const Index> counts);

/// Reads the words and counts of a `text` or `word` tokenizer of `size` tokens. Error(bad_data) names `path` and line.
Vocabulary parse_vocabulary(std::string_view text, Index size, const std::string& path);

/// Reads the counts of a `byte` or `bpe` tokenizer of `size` tokens.
std::vector<Index> parse_counts(std::string_view text, Index size, const std::string& path);

/// Refuses a text that lists other tokens than `tokenizer` has.
void require_pieces(std::string_view text, const Tokenizer& tokenizer, const std::string& path);

}  // namespace moelm
