#include "tokenizer/word_counter.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace moelm {

namespace {

constexpr std::size_t kMaxRuns = 64;  // each needs a buffer when runs are merged

class TableWords final : public SortedWords {
 public:
  TableWords(const WordTable& words, const std::vector<Index>& counts, std::vector<Index> order)
      : words_(words), counts_(counts), order_(std::move(order)) {}

  bool next() override {
    if (position_ == order_.size()) return false;
    const Index number = order_[position_++];
    word_.assign(words_.word(number));
    count_ = counts_[number];
    return true;
  }

 private:
  const WordTable& words_;
  const std::vector<Index>& counts_;
  std::vector<Index> order_;
  std::size_t position_ = 0;
};

}  // namespace

WordCounter::WordCounter(std::string scratch_directory, Index memory_bytes)
    : directory_(std::move(scratch_directory)), memory_bytes_(memory_bytes) {}

void WordCounter::add(std::string_view word, Index count) {
  const auto number = static_cast<std::size_t>(words_.add(word));
  if (number < counts_.size()) {
    counts_[number] += count;
    return;
  }
  counts_.push_back(count);
  // Sorting needs another number for each word.
  const Index memory = words_.memory_bytes() + 2 * static_cast<Index>(counts_.size() * sizeof(Index));
  if (memory > memory_bytes_) spill();
}

std::vector<Index> WordCounter::sorted_numbers() const {
  std::vector<Index> numbers(counts_.size());
  std::iota(numbers.begin(), numbers.end(), Index{0});
  std::sort(numbers.begin(), numbers.end(), [&](Index a, Index b) { return words_.word(a) < words_.word(b); });
  return numbers;
}

void WordCounter::spill() {
  if (!scratch_) scratch_.emplace(directory_);
  WordRunWriter writer(*scratch_);
  for (const Index number : sorted_numbers()) writer.add(words_.word(number), counts_[number]);
  runs_.push_back(writer.finish());
  words_.clear();
  counts_.clear();
  if (runs_.size() >= kMaxRuns) merge_runs();
}

void WordCounter::merge_runs() {
  std::vector<std::unique_ptr<SortedWords>> inputs;
  for (const WordRun& run : runs_) inputs.push_back(read_word_run(*scratch_, run));
  ScratchFile merged(directory_);
  WordRunWriter writer(merged);
  merge_sorted_words(std::move(inputs), [&](std::string_view word, Index count) { writer.add(word, count); });
  runs_ = {writer.finish()};
  scratch_.emplace(std::move(merged));
}

void WordCounter::merge(std::vector<WordCounter>& counters, const WordVisitor& visit) {
  std::vector<std::unique_ptr<SortedWords>> inputs;
  for (WordCounter& counter : counters) {
    inputs.push_back(std::make_unique<TableWords>(counter.words_, counter.counts_, counter.sorted_numbers()));
    for (const WordRun& run : counter.runs_) inputs.push_back(read_word_run(*counter.scratch_, run));
  }
  merge_sorted_words(std::move(inputs), visit);
}

}  // namespace moelm
