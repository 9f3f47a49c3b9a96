// Which words become the vocabulary, and in which order.
#pragma once

#include <vector>

#include "tokenizer/vocabulary_tokenizer.hpp"
#include "tokenizer/word_counter.hpp"

namespace moelm {

struct VocabularyLimits {
  Index min_count = 1;
  Index size = 0;  ///< types with `</s>` and `<unk>`; 0: all
};

/// The most types a vocabulary of words may have.
inline constexpr Index kMostTypes = Index{1} << 22;

/// Ranks the words of the counters by falling count, ties by bytes; `</s>`, which `lines` lines end with, and `<unk>`,
/// which stands for all words left out besides its own, take the ranks they earn. The counters are emptied.
/// Error(bad_data) if there are more than kMostTypes.
Vocabulary build_vocabulary(std::vector<WordCounter>& counters, Index lines, const VocabularyLimits& limits);

/// Ranks given words, which hold `</s>` and `<unk>`, by falling count, ties by bytes.
Vocabulary rank_vocabulary(const WordTable& words, const std::vector<Index>& counts);

}  // namespace moelm
