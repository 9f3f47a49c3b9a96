// The most frequent words of a stream.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/index.hpp"

namespace moelm {

struct CountedWord {
  std::string word;
  Index count = 0;
};

/// Higher counts first, ties by bytes.
inline bool ranks_before(const CountedWord& a, const CountedWord& b) {
  return a.count != b.count ? a.count > b.count : a.word < b.word;
}

/// Keeps the first `max_words` words by rank. The result does not depend on the order in which they are added.
class BestWords {
 public:
  explicit BestWords(Index max_words) : max_words_(static_cast<std::size_t>(max_words)) {}

  /// REQUIRES a new word.
  void add(std::string_view word, Index count);
  /// The words in order. The object is spent afterwards.
  std::vector<CountedWord> take();
  /// After take(): the sum of the counts of all words that were left out.
  Index cut_count() const { return cut_count_; }

 private:
  void cut();

  std::size_t max_words_;
  std::vector<CountedWord> words_;
  Index cut_count_ = 0;
};

}  // namespace moelm
