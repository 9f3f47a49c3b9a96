#include "tokenizer/vocabulary_builder.hpp"

#include <algorithm>
#include <string>

#include "base/check.hpp"
#include "base/error.hpp"
#include "tokenizer/best_words.hpp"

namespace moelm {

namespace {

constexpr Index kSpecials = 2;

Vocabulary in_order(std::vector<CountedWord> words) {
  std::sort(words.begin(), words.end(), ranks_before);
  Vocabulary vocabulary;
  for (const CountedWord& word : words) {
    vocabulary.words.add(word.word);
    vocabulary.counts.push_back(word.count);
  }
  return vocabulary;
}

}  // namespace

Vocabulary build_vocabulary(std::vector<WordCounter>& counters, Index lines, const VocabularyLimits& limits) {
  ensure(limits.size == 0 || limits.size >= kSpecials, "a vocabulary has room for </s> and <unk>");
  BestWords best(limits.size == 0 ? kMaxTypes : limits.size - kSpecials);
  Index unknown = 0, kept = 0;
  WordCounter::merge(counters, [&](std::string_view word, Index count) {
    if (count < limits.min_count || word == kUnknownText || word == kEndText)
      unknown += count;
    else if (++kept <= kMaxTypes || limits.size > 0)
      best.add(word, count);
    else
      throw Error(Exit::bad_data, "training text: expected at most " + std::to_string(kMaxTypes) +
                                      " different words, found more; give --vocab-size or --min-count");
  });
  counters.clear();
  std::vector<CountedWord> words = best.take();
  words.push_back({std::string(kUnknownText), unknown + best.cut_count()});
  words.push_back({std::string(kEndText), lines});
  return in_order(std::move(words));
}

Vocabulary rank_vocabulary(const WordTable& words, const std::vector<Index>& counts) {
  std::vector<CountedWord> ranked;
  for (Index number = 0; number < words.size(); ++number)
    ranked.push_back({std::string(words.word(number)), counts[number]});
  return in_order(std::move(ranked));
}

}  // namespace moelm
