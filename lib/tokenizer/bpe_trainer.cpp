#include "tokenizer/bpe_trainer.hpp"

#include <queue>
#include <span>
#include <unordered_map>

#include "tokenizer/best_words.hpp"

namespace moelm {

namespace {

std::uint64_t pair_key(std::int32_t left, std::int32_t right) {
  return static_cast<std::uint64_t>(left) << 32 | static_cast<std::uint32_t>(right);
}

Merge pair_of(std::uint64_t key) {
  return {static_cast<std::int32_t>(key >> 32), static_cast<std::int32_t>(key & 0xFFFFFFFFu)};
}

/// The training words as sequences of ids, which every merge shortens.
class Trainer {
 public:
  explicit Trainer(const std::vector<CountedWord>& words) {
    for (const CountedWord& word : words) {
      const auto number = static_cast<std::uint32_t>(words_.size());
      words_.push_back({ids_.size(), static_cast<std::uint32_t>(word.word.size()), word.count});
      for (const char c : word.word) ids_.push_back(static_cast<unsigned char>(c));
      count_pairs(number, word.count, false);
    }
    queue_fresh();
  }

  /// The pair to merge next, if any is frequent enough.
  bool best_pair(Index min_count, std::uint64_t& key) {
    while (!queue_.empty()) {
      const Candidate candidate = queue_.top();
      const auto found = pairs_.find(candidate.key);
      const Index count = found == pairs_.end() ? 0 : found->second.count;
      queue_.pop();
      if (count == candidate.count && count >= min_count) {
        key = candidate.key;
        return true;
      }
      // A pair is queued when it is completely counted; after that its count only falls.
      if (count < candidate.count && count >= min_count) queue_.push({count, candidate.key});
    }
    return false;
  }

  void merge(std::uint64_t key, std::int32_t id) {
    const std::vector<std::uint32_t> places = std::move(pairs_[key].words);
    for (const std::uint32_t number : places) {
      Word& word = words_[number];
      count_pairs(number, -word.count, true);
      join(word, pair_of(key), id);
      count_pairs(number, word.count, false, id);
    }
    pairs_.erase(key);
    queue_fresh();
  }

 private:
  struct Word {
    std::size_t begin;
    std::uint32_t length;
    Index count;
  };
  struct Pair {
    Index count = 0;
    std::vector<std::uint32_t> words;
  };
  struct Candidate {
    Index count;
    std::uint64_t key;
    /// The top of the queue is the maximum: high counts first, then small ids.
    bool operator<(const Candidate& other) const {
      return count != other.count ? count < other.count : key > other.key;
    }
  };

  std::span<std::int32_t> ids_of(const Word& word) { return {ids_.data() + word.begin, word.length}; }

  /// Adds `count` to every pair of a word. Unless the pairs know the word already, it is added to those with the id
  /// `fresh` (to all if negative).
  void count_pairs(std::uint32_t number, Index count, bool known, std::int32_t fresh = -1) {
    const std::span<std::int32_t> ids = ids_of(words_[number]);
    for (std::size_t i = 0; i + 1 < ids.size(); ++i) {
      Pair& pair = pairs_[pair_key(ids[i], ids[i + 1])];
      pair.count += count;
      if (known || (fresh >= 0 && ids[i] != fresh && ids[i + 1] != fresh)) continue;
      if (pair.words.empty()) fresh_.push_back(pair_key(ids[i], ids[i + 1]));
      if (pair.words.empty() || pair.words.back() != number) pair.words.push_back(number);
    }
  }

  void queue_fresh() {
    for (const std::uint64_t key : fresh_) queue_.push({pairs_[key].count, key});
    fresh_.clear();
  }

  void join(Word& word, const Merge& pair, std::int32_t id) {
    const std::span<std::int32_t> ids = ids_of(word);
    std::uint32_t kept = 0;
    for (std::size_t i = 0; i < ids.size(); ++kept) {
      const bool joined = i + 1 < ids.size() && ids[i] == pair[0] && ids[i + 1] == pair[1];
      ids[kept] = joined ? id : ids[i];
      i += joined ? 2 : 1;
    }
    word.length = kept;
  }

  std::vector<std::int32_t> ids_;
  std::vector<Word> words_;
  std::unordered_map<std::uint64_t, Pair> pairs_;
  std::priority_queue<Candidate> queue_;
  std::vector<std::uint64_t> fresh_;  // new pairs that are not queued yet
};

}  // namespace

std::vector<Merge> train_bpe(std::vector<WordCounter>& counters, const BpeLimits& limits) {
  BestWords best(limits.words);
  WordCounter::merge(counters, [&](std::string_view word, Index count) { best.add(word, count); });
  Trainer trainer(best.take());
  std::vector<Merge> merges;
  std::uint64_t key = 0;
  while (static_cast<Index>(merges.size()) < limits.size - kByteTokens - 1 &&
         trainer.best_pair(limits.min_count, key)) {
    trainer.merge(key, kByteTokens + static_cast<std::int32_t>(merges.size()));
    merges.push_back(pair_of(key));
  }
  return merges;
}

}  // namespace moelm
