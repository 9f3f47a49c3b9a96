// The most frequent words of a stream of any length.
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

/// Keeps the first `most` words by rank; the result does not depend on the order in which they come.
class BestWords {
 public:
  explicit BestWords(Index most) : most_(static_cast<std::size_t>(most)) {}

  /// Each word must come once only.
  void add(std::string_view word, Index count);
  /// The words in order. Ends the life of this object.
  std::vector<CountedWord> take();
  /// After take(): the counts of the words left out, together.
  Index cut_count() const { return cut_count_; }

 private:
  void cut();

  std::size_t most_;
  std::vector<CountedWord> words_;
  Index cut_count_ = 0;
};

}  // namespace moelm
