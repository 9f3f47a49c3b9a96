// CRC-32C (Castagnoli), which guards the records of TensorBoard's event files.
#pragma once

#include <cstdint>
#include <string_view>

namespace moelm {

/// The CRC-32C of `bytes`: reflected polynomial 0x82F63B78, first and last value inverted. Thread-safe.
std::uint32_t crc32c(std::string_view bytes);

/// The form in which records store it, so that a checksum of bytes with checksums in them is as good as any other:
/// rotated right by 15 bits, plus 0xA282EAD8.
std::uint32_t masked_crc32c(std::string_view bytes);

}  // namespace moelm
