// Where the words of a text begin and end, for each kind of tokenizer.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "data/tokenizer.hpp"

namespace moelm {

/// A word of a text shorter than 4 GiB. Length 0 stands for a line end (split_text, split_white_space).
struct Word {
  std::uint32_t begin = 0;
  std::uint32_t length = 0;
  bool is_line_end() const { return length == 0; }
  std::string_view in(std::string_view text) const { return text.substr(begin, length); }
  bool operator==(const Word&) const = default;
};

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
