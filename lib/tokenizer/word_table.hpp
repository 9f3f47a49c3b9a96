// A hash table that numbers words, made for millions of them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/index.hpp"
#include "tokenizer/word.hpp"

namespace moelm {

/// Numbers words 0, 1, 2, ... in the order of adding. Lookups are thread-safe between changes.
class WordTable {
 public:
  WordTable();

  Index size() const { return ends_.size(); }
  /// The number of a word, new or known.
  Index add(std::string_view word);
  /// The number of a word, or -1.
  Index find(std::string_view word) const;
  /// Looks up many words of a text. Fills numbers[words.size()].
  void find_all(std::string_view text, std::span<const Word> words, std::int32_t* numbers) const;
  std::string_view word(Index number) const;
  /// Makes room for `words` words with `bytes` bytes in total.
  void reserve(Index words, Index bytes);
  void clear();
  /// The approximate memory use.
  Index memory_bytes() const;

 private:
  /// Words of at most eight bytes are compared without a look at the text.
  struct Slot {
    std::uint64_t key = 0;  ///< the bytes of a short word, the hash of a longer one
    std::uint32_t length = 0;
    std::uint32_t number_plus_one = 0;
  };
  struct Probe;
  std::size_t slot_of(std::string_view word, const Probe& probe) const;
  void grow(std::size_t slots);

  std::string text_;
  std::vector<std::uint64_t> ends_;
  std::vector<Slot> slots_;  // a power of two, at most half full
};

}  // namespace moelm
