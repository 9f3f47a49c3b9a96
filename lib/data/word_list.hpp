// A list of words that a user gives as a vocabulary.
#pragma once

#include <functional>
#include <string>

#include "tokenizer/word_table.hpp"

namespace moelm {

/// Reads the first column of every line that is not empty: one word a line, words with counts as fairseq's dict.txt has
/// them, a vocabulary of SRILM. `</s>` and `<unk>` come first, whether the list has them or not. Left out are `<s>` and
/// `<pad>`, which no text has here, fairseq's madeupword0000, ..., and SRILM's comments (## and words). A word counts
/// once. Error(bad_data) beyond kMaxTypes words.
WordTable read_word_list(const std::string& path, bool lowercase, const std::function<bool()>& stop);

}  // namespace moelm
