// Sorted sequences of counted words, on disk or in memory, and how they are merged.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "io/scratch_file.hpp"

namespace moelm {

using WordVisitor = std::function<void(std::string_view word, Index count)>;

/// Iterates over words in ascending order of bytes.
class SortedWords {
 public:
  virtual ~SortedWords() = default;
  /// Moves to the next word; false at the end.
  virtual bool next() = 0;
  std::string_view word() const { return word_; }
  Index count() const { return count_; }

 protected:
  std::string word_;
  Index count_ = 0;
};

/// A sorted run in a scratch file: the bytes [begin, end).
struct WordRun {
  Index begin = 0;
  Index end = 0;
};

/// Writes a run: any number of words in order, then finish().
class WordRunWriter {
 public:
  explicit WordRunWriter(ScratchFile& file) : file_(file), begin_(file.size()) {}
  void add(std::string_view word, Index count);
  WordRun finish();

 private:
  ScratchFile& file_;
  Index begin_;
  std::string buffer_;
};

/// Reads a run; the file must outlive it.
std::unique_ptr<SortedWords> read_word_run(const ScratchFile& file, WordRun run);

/// Visits every word of several sequences once, with the sum of its counts, in the order of bytes.
void merge_sorted_words(std::vector<std::unique_ptr<SortedWords>> inputs, const WordVisitor& visit);

}  // namespace moelm
