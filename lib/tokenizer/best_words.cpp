#include "tokenizer/best_words.hpp"

#include <algorithm>
#include <utility>

namespace moelm {

namespace {

constexpr std::size_t kSpare = 1024;  // words beyond twice the limit, so that small limits do not cut too often

}  // namespace

void BestWords::add(std::string_view word, Index count) {
  words_.push_back({std::string(word), count});
  if (words_.size() >= 2 * max_words_ + kSpare) cut();
}

void BestWords::cut() {
  if (words_.size() <= max_words_) return;
  const auto middle = words_.begin() + max_words_;
  std::nth_element(words_.begin(), middle, words_.end(), ranks_before);
  for (auto word = middle; word != words_.end(); ++word) cut_count_ += word->count;
  words_.erase(middle, words_.end());
}

std::vector<CountedWord> BestWords::take() {
  cut();
  std::sort(words_.begin(), words_.end(), ranks_before);
  return std::move(words_);
}

}  // namespace moelm
