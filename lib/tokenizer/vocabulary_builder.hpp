// Selects and orders the words of a vocabulary.
#pragma once

#include <vector>

#include "tokenizer/vocabulary_tokenizer.hpp"
#include "tokenizer/word_counter.hpp"

namespace moelm {

struct VocabularyLimits {
  Index min_count = 1;
  Index size = 0;  ///< types with `</s>` and `<unk>`; 0: all
};

/// The maximum size of a vocabulary of words.
inline constexpr Index kMaxTypes = Index{1} << 22;

/// Ranks the words of the counters by falling count, ties by bytes. `</s>` counts once for each of `lines` lines;
/// `<unk>` counts for itself and for all words left out. Empties the counters. Error(bad_data) beyond kMaxTypes words.
Vocabulary build_vocabulary(std::vector<WordCounter>& counters, Index lines, const VocabularyLimits& limits);

/// Ranks given words, `</s>` and `<unk>` among them, by falling count, ties by bytes.
Vocabulary rank_vocabulary(const WordTable& words, const std::vector<Index>& counts);

}  // namespace moelm
