#include "data/token_cursor.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace moelm {

TokenCursor::TokenCursor(const Dataset& data, Split split, Index position) : data_(&data), split_(split) {
  seek(position);
}

void TokenCursor::seek(Index position) {
  ensure(position >= 0 && position <= data_->tokens(split_), "a cursor stays within its split");
  position_ = position;
}

void TokenCursor::load_block() {
  const std::vector<ShardLayout>& shards = data_->shards(split_);
  if (position_ < shard_begin_) shard_ = shard_begin_ = 0;
  while (position_ >= shard_begin_ + shards[shard_].tokens) shard_begin_ += shards[shard_++].tokens;
  const Index block = (position_ - shard_begin_) / kBlockTokens;
  stored_.clear();  // a damaged block must leave nothing
  read_shard_block(shards[shard_], block, stored_);
  block_begin_ = shard_begin_ + block * kBlockTokens;
}

Index TokenCursor::read(Index count, std::int32_t* ids, TokenFlag* flags) {
  const std::int32_t unknown = data_->tokenizer().unknown_id();
  const auto missing = static_cast<std::int32_t>(data_->index().vocabulary);
  const Index total = std::min(count, data_->tokens(split_) - position_);
  for (Index done = 0; done < total;) {
    const Index loaded_end = block_begin_ + static_cast<Index>(stored_.size());
    if (position_ < block_begin_ || position_ >= loaded_end) {
      load_block();
      continue;
    }
    const Index part = std::min(total - done, loaded_end - position_);
    const std::int32_t* from = stored_.data() + (position_ - block_begin_);
    for (Index i = 0; i < part; ++i) {
      ids[done + i] = from[i] == missing ? unknown : from[i];
      if (flags != nullptr)
        flags[done + i] = from[i] == missing   ? TokenFlag::unknown_word
                          : from[i] == unknown ? TokenFlag::literal_unknown
                                               : TokenFlag::plain;
    }
    position_ += part;
    done += part;
  }
  return total;
}

}  // namespace moelm
