// Blocks compressed by zlib, and their CRC-32: the bytes inside shards.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace moelm {

/// The zlib stream of `bytes`; the same input gives the same output. `level` 1 (fast) to 9 (small).
std::string deflate_block(std::string_view bytes, int level);

/// Inflates a zlib stream into exactly `size` bytes at `out`, and never writes more. False if the stream is damaged,
/// holds more or fewer bytes, or is followed by anything.
[[nodiscard]] bool inflate_block(std::string_view compressed, char* out, std::size_t size);

/// CRC-32 as in gzip.
std::uint32_t crc32_of(std::string_view bytes);

}  // namespace moelm
