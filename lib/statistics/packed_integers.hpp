// A long list of small integers in compressed blocks, so that the tokens of a text take about the memory of the text.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/index.hpp"

namespace moelm {

/// Appends integers, then reads them anywhere; nearby reads are fast. A block of equal values takes almost no memory,
/// so a text that expands from a few bytes stays small. Reads cache decoded blocks: one thread at a time.
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
  /// Copies values [begin, begin + count). REQUIRES them to exist.
  void read(Index begin, Index count, std::int32_t* out) const;

  /// Memory in use.
  Index bytes() const;

 private:
  static constexpr Index kBlock = 1 << 15;
  /// Blocks kept decoded: more than a text has streams.
  static constexpr Index kDecoded = 64;

  struct Block {
    std::string packed;  ///< empty if all values are `same`
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
