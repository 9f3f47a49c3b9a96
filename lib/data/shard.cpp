#include "data/shard.hpp"

#include <algorithm>
#include <limits>

#include "base/bytes.hpp"
#include "base/check.hpp"
#include "base/error.hpp"
#include "io/compress.hpp"
#include "io/file.hpp"

namespace moelm {

namespace {

constexpr std::string_view kMagic = "moeshard";
constexpr std::uint32_t kShardVersion = 2;
constexpr std::size_t kVersionAt = 8;
constexpr std::size_t kFixedBytes = 40;
constexpr std::size_t kTableEntryBytes = 8;
constexpr std::size_t kCrcBytes = 4;

template <class T>
T number_at(std::string_view bytes, std::size_t offset) {
  return load_little<T>(bytes.data() + offset);
}

template <class T>
void store_numbers(std::span<const std::int32_t> ids, char* bytes) {
  for (std::size_t i = 0; i < ids.size(); ++i) store_little(static_cast<T>(ids[i]), bytes + i * sizeof(T));
}

[[noreturn]] void refuse(const std::string& path, Index offset, const std::string& what) {
  throw Error(Exit::bad_data, path + ": offset " + std::to_string(offset) + ": " + what);
}

template <class T>
void expect(const std::string& path, std::string_view head, std::size_t offset, std::uint64_t wanted,
            const char* what) {
  const auto found = static_cast<std::uint64_t>(number_at<T>(head, offset));
  if (found != wanted)
    refuse(path, static_cast<Index>(offset),
           std::string(what) + ": expected " + std::to_string(wanted) + ", found " + std::to_string(found));
}

Index block_count(Index tokens) { return (tokens + kBlockTokens - 1) / kBlockTokens; }

Index tokens_in_block(Index tokens, Index number) { return std::min(kBlockTokens, tokens - number * kBlockTokens); }

/// The maximum size of a block: no compressor makes `raw` bytes longer.
Index max_block_bytes(Index raw) { return raw + raw / 8 + 1024; }

std::string fixed_head(Index vocabulary, Index tokens) {
  std::string head(kMagic);
  head += little_bytes(kShardVersion);
  head += little_bytes(static_cast<std::uint32_t>(shard_id_bytes(vocabulary)));
  head += little_bytes(static_cast<std::uint64_t>(vocabulary));
  head += little_bytes(static_cast<std::uint64_t>(tokens));
  head += little_bytes(static_cast<std::uint32_t>(kBlockTokens));
  head += little_bytes(static_cast<std::uint32_t>(block_count(tokens)));
  return head;
}

void check_fixed_head(const std::string& path, std::string_view head, Index vocabulary, Index tokens) {
  if (head.substr(0, kMagic.size()) != kMagic) refuse(path, 0, "expected \"moeshard\", found something else");
  if (const auto version = number_at<std::uint32_t>(head, kVersionAt); version != kShardVersion)
    refuse(path, kVersionAt,
           "version: expected " + std::to_string(kShardVersion) + ", found " + std::to_string(version) + "; " +
               (version < kShardVersion ? "make the data again with moe-tokenize" : "use a newer moelm"));
  expect<std::uint32_t>(path, head, 12, static_cast<std::uint64_t>(shard_id_bytes(vocabulary)), "bytes an id");
  expect<std::uint64_t>(path, head, 16, static_cast<std::uint64_t>(vocabulary), "vocabulary");
  expect<std::uint64_t>(path, head, 24, static_cast<std::uint64_t>(tokens), "tokens");
  expect<std::uint32_t>(path, head, 32, static_cast<std::uint64_t>(kBlockTokens), "tokens a block");
  expect<std::uint32_t>(path, head, 36, static_cast<std::uint64_t>(block_count(tokens)), "blocks");
}

/// Fills the table of `layout`. The sizes of the blocks must add up to the size of the file.
void read_table(std::string_view head, Index file_size, ShardLayout& layout) {
  auto offset = static_cast<Index>(head.size());
  for (std::size_t i = 0; i < layout.blocks.size(); ++i) {
    const std::size_t at = kFixedBytes + i * kTableEntryBytes;
    ShardBlock& block = layout.blocks[i];
    block = {offset, number_at<std::uint32_t>(head, at), number_at<std::uint32_t>(head, at + 4)};
    const Index max = max_block_bytes(tokens_in_block(layout.tokens, static_cast<Index>(i)) * layout.id_bytes);
    if (Index{block.bytes} > max)
      refuse(layout.path, static_cast<Index>(at),
             "expected a block of at most " + std::to_string(max) + " bytes, found " + std::to_string(block.bytes));
    offset += Index{block.bytes};
    if (offset > file_size)
      refuse(layout.path, static_cast<Index>(at),
             "expected a block within the file, found one that ends at byte " + std::to_string(offset) + " of " +
                 std::to_string(file_size));
  }
  if (offset != file_size)
    refuse(layout.path, offset, "expected the end of the file, found " + std::to_string(file_size - offset) + " bytes");
}

}  // namespace

int shard_id_bytes(Index vocabulary) { return vocabulary <= std::numeric_limits<std::uint16_t>::max() ? 2 : 4; }

std::string pack_ids(std::span<const std::int32_t> stored, int id_bytes) {
  std::string bytes(stored.size() * static_cast<std::size_t>(id_bytes), '\0');
  if (id_bytes == 2)
    store_numbers<std::uint16_t>(stored, bytes.data());
  else
    store_numbers<std::uint32_t>(stored, bytes.data());
  return bytes;
}

std::string encode_shard_head(Index vocabulary, Index tokens, const std::vector<std::string>& blocks) {
  ensure(static_cast<Index>(blocks.size()) == block_count(tokens), "blocks hold the tokens");
  std::string head = fixed_head(vocabulary, tokens);
  for (const std::string& block : blocks) {
    head += little_bytes(static_cast<std::uint32_t>(block.size()));
    head += little_bytes(crc32_of(block));
  }
  head += little_bytes(crc32_of(head));
  return head;
}

ShardLayout read_shard_layout(const std::string& path, Index vocabulary, bool has_unknown, Index tokens) {
  const File file = File::open_read(path, Links::refuse);
  const Index size = file.size();
  const auto blocks = static_cast<std::size_t>(block_count(tokens));
  const std::size_t head_bytes = kFixedBytes + blocks * kTableEntryBytes + kCrcBytes;
  // Sizes are compared before fields, so that the size of the file bounds the memory.
  if (size < static_cast<Index>(head_bytes))
    refuse(path, size, "expected a head of " + std::to_string(head_bytes) + " bytes, found the end of the file");
  std::string head(head_bytes, '\0');
  file.read_at(0, head.data(), head.size());
  check_fixed_head(path, head, vocabulary, tokens);
  const std::size_t crc_at = head_bytes - kCrcBytes;
  expect<std::uint32_t>(path, head, crc_at, crc32_of(std::string_view(head).substr(0, crc_at)), "checksum of the head");
  ShardLayout layout{path, tokens, vocabulary + (has_unknown ? 1 : 0), shard_id_bytes(vocabulary),
                     std::vector<ShardBlock>(blocks)};
  read_table(head, size, layout);
  return layout;
}

void read_shard_block(const ShardLayout& layout, Index number, std::vector<std::int32_t>& stored) {
  const ShardBlock& block = layout.blocks[number];
  const auto count = static_cast<std::size_t>(tokens_in_block(layout.tokens, number));
  const auto id_bytes = static_cast<std::size_t>(layout.id_bytes);
  std::string compressed(block.bytes, '\0'), bytes(count * id_bytes, '\0');
  // Opened for every block, so that a thousand cursors do not need a thousand descriptors.
  File::open_read(layout.path, Links::refuse).read_at(block.offset, compressed.data(), compressed.size());
  const std::string place = "block " + std::to_string(number) + ": ";
  if (crc32_of(compressed) != block.crc)
    refuse(layout.path, block.offset, place + "checksum differs; the file is damaged");
  if (!inflate_block(compressed, bytes.data(), bytes.size()))
    refuse(layout.path, block.offset,
           place + "expected " + std::to_string(bytes.size()) + " bytes of raw deflate, found something else");
  stored.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint32_t id =
        id_bytes == 2 ? number_at<std::uint16_t>(bytes, 2 * i) : number_at<std::uint32_t>(bytes, 4 * i);
    if (id >= static_cast<std::uint64_t>(layout.stored_ids))
      refuse(layout.path, block.offset,
             place + "token " + std::to_string(i) + ": expected an id below " + std::to_string(layout.stored_ids) +
                 ", found " + std::to_string(id));
    stored[i] = static_cast<std::int32_t>(id);
  }
}

}  // namespace moelm
