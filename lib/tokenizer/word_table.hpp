// A set of words with consecutive numbers, made for millions of them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/index.hpp"
#include "tokenizer/word.hpp"

namespace moelm {

/// Words get the numbers 0, 1, 2, ... in the order in which they are added. Looking up is thread-safe between changes.
class WordTable {
 public:
  WordTable();

  Index size() const { return static_cast<Index>(ends_.size()); }
  /// The number of a word, new or known.
  Index add(std::string_view word);
  /// -1 if the word is not there.
  Index find(std::string_view word) const;
  /// find() of many words of a text, as numbers of 32 bits. Fills numbers[words.size()].
  void find_all(std::string_view text, std::span<const Word> words, std::int32_t* numbers) const;
  std::string_view word(Index number) const;
  /// Makes room for `words` words of `bytes` bytes altogether.
  void reserve(Index words, Index bytes);
  void clear();
  /// Memory that the words take, roughly.
  Index memory_bytes() const;

 private:
  /// Words of at most eight bytes are compared here, without a look at the text.
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
