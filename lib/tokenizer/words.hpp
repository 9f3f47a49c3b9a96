// Splits text into words for each kind of tokenizer.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "tokenizer/tokenizer.hpp"
#include "tokenizer/word.hpp"

namespace moelm {

/// The maximum size of a word. Longer ones are cut, so that text without spaces takes bounded memory.
inline constexpr std::size_t kMaxWordBytes = 1024;
inline constexpr std::size_t kMaxBpeWordBytes = 128;

/// `text`: a word is a run of letters with apostrophes inside, a number with points and commas inside, or any other
/// single character (such as an ideograph), each with the marks that follow it. White space only separates. Appends to
/// `words`.
void split_text(std::string_view text, std::vector<Word>& words);

/// `word`: a word is anything between Unicode white space. Appends to `words`.
void split_white_space(std::string_view text, std::vector<Word>& words);

/// `bpe`: a word is a run of letters, a number or a run of other characters, each with one space before it; or the
/// remaining white space; or one newline. The concatenated words are the text, whatever its bytes. Appends to `words`.
void split_bpe(std::string_view text, std::vector<Word>& words);

/// `bpe` with the words of GPT-2: each line is cut as GPT-2 cuts it alone, and the newline is a word. Appends to
/// `words`.
void split_gpt2(std::string_view text, std::vector<Word>& words);

/// The number of words between ASCII white space, as byte and bpe count them.
Index count_space_separated(std::string_view text);

/// The split function of a kind: split_text, split_white_space or split_bpe.
using SplitFunction = void (*)(std::string_view, std::vector<Word>&);
SplitFunction splitter_of(TokenizerKind kind);

}  // namespace moelm
