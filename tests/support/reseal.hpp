// Files as an attacker writes them who puts the checksums right: the structure has to be judged, not the seal.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "io/checksum.hpp"
#include "io/compress.hpp"

namespace moelm {

/// A sealed JSON text with the checksum that fits what comes before; the seal is added where there is none.
inline std::string resealed_json(std::string_view text) {
  const std::string_view key = ",\n \"checksum\": \"";
  std::size_t end = text.rfind(key);
  if (end == std::string_view::npos) end = text.find_last_of('}');
  if (end == std::string_view::npos) end = text.size();
  std::string body(text.substr(0, end));
  while (!body.empty() && body.back() == '\n') body.pop_back();
  return body + std::string(key) + sha256_hex(body + "\n}") + "\"\n}\n";
}

/// Little-endian numbers in a text of bytes; what lies outside is 0 and not written.
inline std::uint64_t number_in(std::string_view bytes, std::size_t at, std::size_t width) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < width && at + i < bytes.size(); ++i)
    value |= std::uint64_t{static_cast<unsigned char>(bytes[at + i])} << (8 * i);
  return value;
}

inline void put_number(std::string& bytes, std::size_t at, std::size_t width, std::uint64_t value) {
  for (std::size_t i = 0; i < width && at + i < bytes.size(); ++i) bytes[at + i] = static_cast<char>(value >> (8 * i));
}

/// Where a shard keeps what.
inline constexpr std::size_t kShardVocabularyAt = 16, kShardTokensAt = 24, kShardBlocksAt = 36, kShardTableAt = 40;

/// A shard whose blocks and head have the checksums that fit them, as far as its table and the file go.
inline std::string resealed_shard(std::string bytes) {
  const std::uint64_t blocks = number_in(bytes, kShardBlocksAt, 4);
  if (bytes.size() < kShardTableAt || blocks > bytes.size() / 8) return bytes;
  const std::size_t head = kShardTableAt + 8 * static_cast<std::size_t>(blocks);
  std::uint64_t at = head + 4;
  for (std::size_t i = 0; i < blocks; ++i) {
    const std::uint64_t size = number_in(bytes, kShardTableAt + 8 * i, 4);
    if (at <= bytes.size())
      put_number(
          bytes, kShardTableAt + 8 * i + 4, 4,
          crc32_of(std::string_view(bytes).substr(static_cast<std::size_t>(at), static_cast<std::size_t>(size))));
    at += size;
  }
  if (head <= bytes.size()) put_number(bytes, head, 4, crc32_of(std::string_view(bytes).substr(0, head)));
  return bytes;
}

}  // namespace moelm
