// The compressed blocks inside shards, and CRC-32.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace moelm {

/// Compresses `bytes` into a raw deflate stream (RFC 1951) of Huffman codes. It does not search for repetitions: token
/// ids have few, and the search costs more time than it saves bytes. Another version of zlib may choose other bytes.
std::string deflate_block(std::string_view bytes);

/// Inflates a raw deflate stream into exactly `size` bytes at `out`. Returns false if the stream is damaged, holds more
/// or fewer bytes, or is followed by anything. Never writes beyond `size` bytes.
[[nodiscard]] bool inflate_block(std::string_view compressed, char* out, std::size_t size);

/// The CRC-32 of gzip, of `bytes` alone or of more bytes after those whose CRC-32 is `before`.
std::uint32_t crc32_of(std::string_view bytes, std::uint32_t before = 0);

}  // namespace moelm
