// Counts words in bounded memory: what does not fit is sorted, written to a scratch file and merged at the end.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/word_runs.hpp"
#include "tokenizer/word_table.hpp"

namespace moelm {

/// The counts are exact for any number of different words. One thread at a time.
class WordCounter {
 public:
  /// When the table takes more than `memory_bytes`, it is written to a scratch file in `scratch_directory`.
  WordCounter(std::string scratch_directory, Index memory_bytes);

  void add(std::string_view word, Index count = 1);
  /// Whether a scratch file was needed.
  bool spilled() const { return scratch_.has_value(); }

  /// Visits every word with its total over several counters, in the order of bytes. The counters are spent afterwards.
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
