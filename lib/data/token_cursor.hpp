// Reads the tokens of a split from any position, with one decoded block in memory.
#pragma once

#include <cstdint>
#include <vector>

#include "data/dataset.hpp"

namespace moelm {

/// Refers to the dataset, which must outlive it. One thread at a time; any number of cursors may exist.
class TokenCursor {
 public:
  /// REQUIRES 0 <= position <= tokens of the split.
  TokenCursor(const Dataset& data, Split split, Index position = 0);

  Index position() const { return position_; }
  void seek(Index position);

  /// Reads up to `count` token ids, all below the vocabulary size, and advances. Returns their number, which is less
  /// than `count` only at the end of the split. `flags`, if given, receives the origin of each token. Error(bad_data)
  /// where a shard is damaged.
  Index read(Index count, std::int32_t* ids, TokenFlag* flags = nullptr);

 private:
  void load_block();

  const Dataset* data_;
  Split split_;
  Index position_ = 0;
  Index shard_ = 0, shard_begin_ = 0;  // the shard that holds position_ and its first token
  std::vector<std::int32_t> stored_;   // ids as stored, of the tokens from block_begin_ on
  Index block_begin_ = 0;
};

}  // namespace moelm
