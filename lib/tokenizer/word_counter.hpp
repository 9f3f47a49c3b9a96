// Counts of words in bounded memory: what does not fit is sorted, written to a scratch file and merged at the end.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/word_runs.hpp"
#include "tokenizer/word_table.hpp"

namespace moelm {

/// Exact counts, whatever the number of different words. One thread at a time.
class WordCounter {
 public:
  /// `scratch_directory` is where the scratch file lies, should one be needed; the table is written out when it takes
  /// more than `memory_bytes`.
  WordCounter(std::string scratch_directory, Index memory_bytes);

  void add(std::string_view word, Index count = 1);
  /// Whether anything had to be written out.
  bool spilled() const { return scratch_.has_value(); }

  /// Gives every word with its total over several counters, in the order of bytes. They are spent afterwards.
  static void merge(std::vector<WordCounter>& counters, const WordVisitor& visit);

 private:
  std::vector<Index> sorted_numbers() const;
  void spill();
  void merge_runs();

  std::string directory_;
  Index memory_bytes_;
  WordTable words_;
  std::vector<Index> counts_;
  std::optional<ScratchFile> scratch_;
  std::vector<WordRun> runs_;
};

}  // namespace moelm
