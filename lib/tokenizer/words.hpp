// Where the words of a text begin and end, for each kind of tokenizer.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "tokenizer/tokenizer.hpp"
#include "tokenizer/word.hpp"

namespace moelm {

/// Longer words are cut into pieces, so that text without any space takes bounded memory.
inline constexpr std::size_t kLongestWord = 1024;
inline constexpr std::size_t kLongestBpeWord = 128;

/// `text`: runs of letters with apostrophes inside; numbers, with points and commas inside; every other character by
/// itself (so are ideographs), each with the marks that follow it; white space only separates. Appends to `words`.
void split_text(std::string_view text, std::vector<Word>& words);

/// `word`: whatever stands between Unicode white space. Appends to `words`.
void split_white_space(std::string_view text, std::vector<Word>& words);

/// `bpe`: words, numbers and runs of other characters, each with the one space before it; the white space left; every
/// newline by itself. The words in sequence are the text, whatever its bytes. Appends to `words`.
void split_bpe(std::string_view text, std::vector<Word>& words);

/// Stretches between ASCII white space: what byte and bpe call words when they count them.
Index count_space_separated(std::string_view text);

/// The splitter that vocabulary words of a kind come from: split_text or split_white_space, split_bpe for bpe.
using SplitFunction = void (*)(std::string_view, std::vector<Word>&);
SplitFunction splitter_of(TokenizerKind kind);

}  // namespace moelm
