// Shards: token ids in compressed, checksummed blocks that can be read in any order (layout: docs/formats.md).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/index.hpp"

namespace moelm {

/// Tokens of a block (all but the last of a shard), and of a shard (all but the last of a split).
inline constexpr Index kBlockTokens = 32'768;
inline constexpr Index kShardTokens = 256 * kBlockTokens;

/// Where a block lies in its shard.
struct ShardBlock {
  Index offset = 0;
  std::uint32_t bytes = 0;
  std::uint32_t crc = 0;
};

/// The head of a shard: everything but the tokens.
struct ShardLayout {
  std::string path;
  Index tokens = 0;
  Index stored_ids = 0;  ///< ids in the blocks are below this
  int id_bytes = 0;      ///< 2 or 4
  std::vector<ShardBlock> blocks;
};

/// Bytes that an id takes before compression: ids go from 0 to `vocabulary`, where `vocabulary` itself stands for
/// `<unk>` in place of a word that the vocabulary lacks.
int shard_id_bytes(Index vocabulary);

/// The bytes of stored ids before compression, which the index knows by their checksum.
std::string pack_ids(std::span<const std::int32_t> stored, int id_bytes);

/// Compresses at most kBlockTokens stored ids (0 to `vocabulary`) into a block.
std::string encode_shard_block(std::span<const std::int32_t> stored, int id_bytes);

/// Head and table of a shard that holds these blocks, in front of which they are written.
std::string encode_shard_head(Index vocabulary, Index tokens, const std::vector<std::string>& blocks);

/// Reads and checks head and table: Error(bad_data) with file and offset. `tokens` and `vocabulary` are what the index
/// says, `has_unknown` tells whether the vocabulary has `<unk>`. Links are refused.
ShardLayout read_shard_layout(const std::string& path, Index vocabulary, bool has_unknown, Index tokens);

/// Decodes block `number` into `stored`, whose size becomes its number of tokens. Error(bad_data) names file and offset
/// of damage. Thread-safe.
void read_shard_block(const ShardLayout& layout, Index number, std::vector<std::int32_t>& stored);

}  // namespace moelm
