// Learns the merges of a bpe tokenizer from counted words.
#pragma once

#include <vector>

#include "tokenizer/bpe_tokenizer.hpp"
#include "tokenizer/word_counter.hpp"

namespace moelm {

struct BpeLimits {
  Index size = 16'384;  ///< tokens with the 256 bytes and `</s>`
  Index min_count = 2;  ///< of a pair to be merged
  /// The number of most frequent words to learn from, which bounds the memory.
  Index words = 1'000'000;
};

/// Merges the most frequent pair of neighbours repeatedly; ties go to the pair with the smaller ids. Ends early when no
/// pair is frequent enough.
std::vector<Merge> train_bpe(std::vector<WordCounter>& counters, const BpeLimits& limits);

}  // namespace moelm
