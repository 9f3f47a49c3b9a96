// Shards: token ids in compressed blocks with checksums, readable in any order (layout: docs/formats.md).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/index.hpp"

namespace moelm {

/// Tokens of a block (except the last of a shard) and of a shard (except the last of a split).
inline constexpr Index kBlockTokens = 32'768;
inline constexpr Index kShardTokens = 256 * kBlockTokens;

/// The place of a block in its shard.
struct ShardBlock {
  Index offset = 0;
  std::uint32_t bytes = 0;
  std::uint32_t crc = 0;
};

/// The head of a shard: everything except the tokens.
struct ShardLayout {
  std::string path;
  Index tokens = 0;
  Index stored_ids = 0;  ///< ids in the blocks are below this
  int id_bytes = 0;      ///< 2 or 4
  std::vector<ShardBlock> blocks;
};

/// Bytes of an id before compression. Ids are 0 to `vocabulary`; `vocabulary` itself stands for `<unk>` in place of a
/// word that the vocabulary lacks.
int shard_id_bytes(Index vocabulary);

/// The bytes of stored ids before compression, which the index knows by their checksum.
std::string pack_ids(std::span<const std::int32_t> stored, int id_bytes);

/// Head and table of a shard, which are written before its blocks.
std::string encode_shard_head(Index vocabulary, Index tokens, const std::vector<std::string>& blocks);

/// Reads and checks head and table; Error(bad_data) names file and offset. `tokens` and `vocabulary` come from the
/// index; `has_unknown` tells whether the vocabulary has `<unk>`. Links are refused.
ShardLayout read_shard_layout(const std::string& path, Index vocabulary, bool has_unknown, Index tokens);

/// Decodes block `number` into `stored`, which gets the size of the block. Error(bad_data) names file and offset of
/// damage. Thread-safe.
void read_shard_block(const ShardLayout& layout, Index number, std::vector<std::int32_t>& stored);

}  // namespace moelm
