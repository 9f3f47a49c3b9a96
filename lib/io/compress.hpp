// Blocks compressed by zlib, and their CRC-32: the bytes inside shards.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace moelm {

/// The zlib stream of `bytes` in Huffman codes alone; the same bytes give the same stream, whatever zlib is installed.
/// Repetitions are not looked for: token ids have few, and the search takes longer than all else that makes a shard.
std::string deflate_block(std::string_view bytes);

/// Inflates a zlib stream into exactly `size` bytes at `out`, and never writes more. False if the stream is damaged,
/// holds more or fewer bytes, or is followed by anything.
[[nodiscard]] bool inflate_block(std::string_view compressed, char* out, std::size_t size);

/// CRC-32 as in gzip.
std::uint32_t crc32_of(std::string_view bytes);

}  // namespace moelm
