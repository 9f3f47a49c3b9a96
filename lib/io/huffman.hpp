// Bytes as a deflate stream (RFC 1951) of literals only: Huffman codes without a search for repetitions.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace moelm {

inline constexpr int kLongestCode = 15;

/// Lengths of the codes of symbols that occur so often; 0 where one never does. No code is longer than kLongestCode,
/// and the lengths make a complete code but for a single symbol, whose code has one bit.
void huffman_lengths(std::span<const std::uint32_t> counts, std::span<std::uint8_t> lengths);

/// Appends the stream of `bytes`, which ends on a whole byte. The result depends on the bytes alone.
void append_literal_stream(std::string_view bytes, std::string& out);

}  // namespace moelm
