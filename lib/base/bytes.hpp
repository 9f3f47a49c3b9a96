// Numbers and ASCII in stretches of bytes, eight at a time.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

namespace moelm {

/// The little-endian number at `bytes`, which need not be aligned.
template <class T>
T load_little(const char* bytes) {
  T value;
  if constexpr (std::endian::native == std::endian::little) {
    std::memcpy(&value, bytes, sizeof value);
  } else {
    value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i)
      value = static_cast<T>(value | static_cast<T>(static_cast<unsigned char>(bytes[i])) << (8 * i));
  }
  return value;
}

/// Writes `value` to `bytes`, little-endian.
template <class T>
void store_little(T value, char* bytes) {
  if constexpr (std::endian::native == std::endian::little)
    std::memcpy(bytes, &value, sizeof value);
  else
    for (std::size_t i = 0; i < sizeof(T); ++i) bytes[i] = static_cast<char>(value >> (8 * i) & 0xFF);
}

/// The bytes of `value`, little-endian.
template <class T>
std::string little_bytes(T value) {
  std::string bytes(sizeof(T), '\0');
  store_little(value, bytes.data());
  return bytes;
}

/// Eight bytes as load_little<std::uint64_t> gives them; what is found in them is marked in the high bit of each byte.
namespace eight {

inline constexpr std::uint64_t kOnes = 0x0101010101010101ull;
inline constexpr std::uint64_t kHighBits = 0x80 * kOnes;

/// Marks the bytes that are not A-Z or a-z.
inline std::uint64_t not_letters(std::uint64_t bytes) {
  const std::uint64_t lower = (bytes | 0x20 * kOnes) & ~kHighBits;  // no sum below carries into the next byte
  const std::uint64_t from_a = lower + (0x80 - 'a') * kOnes, beyond_z = lower + (0x80 - 'z' - 1) * kOnes;
  return (~from_a | beyond_z | bytes) & kHighBits;
}

/// Marks the first byte that is white space, another control character or above 127; bytes after it may be marked too.
inline std::uint64_t not_visible(std::uint64_t bytes) { return ((bytes - 0x21 * kOnes) | bytes) & kHighBits; }

/// How many bytes stand before the first marked one. REQUIRES a mark.
inline std::size_t before_mark(std::uint64_t marks) { return static_cast<std::size_t>(std::countr_zero(marks)) / 8; }

}  // namespace eight

}  // namespace moelm
