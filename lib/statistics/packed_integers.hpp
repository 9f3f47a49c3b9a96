// A long list of small integers in compressed blocks: the tokens of a text, in the memory that the text itself takes
// rather than in that of its tokens.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/index.hpp"

namespace moelm {

/// Integers that are appended, then read at any place; near places are read fast. A block whose values are all the same
/// takes no memory to speak of, so text that expands without end from a few bytes does not either. Reading keeps
/// decoded blocks, so it is for one thread at a time.
class PackedIntegers {
 public:
  PackedIntegers() = default;
  PackedIntegers(std::initializer_list<std::int32_t> values) {
    for (const std::int32_t value : values) push_back(value);
  }

  void push_back(std::int32_t value);

  Index size() const { return size_; }
  bool empty() const { return size_ == 0; }
  std::int32_t operator[](Index i) const;
  /// Values [begin, begin + count), which must be there.
  void read(Index begin, Index count, std::int32_t* out) const;

  /// Memory that the packed values take.
  Index bytes() const;

 private:
  static constexpr Index kBlock = 1 << 15;
  /// Decoded blocks at most: more than the streams that a text is cut into.
  static constexpr Index kDecoded = 64;

  struct Block {
    std::string packed;  ///< empty where all values are `same`
    std::int32_t same = 0;
  };
  struct Decoded {
    Index block = -1;
    std::vector<std::int32_t> values;
  };

  /// The values of the block that holds value `i`.
  const std::vector<std::int32_t>& block_of(Index i) const;
  void pack();

  Index size_ = 0, packed_bytes_ = 0;
  std::vector<Block> blocks_;
  std::vector<std::int32_t> last_;  ///< what does not fill a block yet
  mutable std::vector<Decoded> decoded_;
};

}  // namespace moelm
