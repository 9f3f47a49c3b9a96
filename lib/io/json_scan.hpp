// A look at a JSON text before it is parsed: where are its very long strings? The library's lexer keeps every token
// several times; strings that are long are therefore kept from it and decoded piece by piece.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/index.hpp"

namespace moelm {

/// What stands between two quotation marks of a text, as bytes of the text.
struct LongString {
  std::size_t begin = 0;
  std::size_t end = 0;  ///< place of the closing mark
};

/// Strings of more than kLongString bytes, in their order. A number or word beyond kLongestWord is Error(bad_data)
/// naming its offset. Whether the text is JSON at all is not asked.
std::vector<LongString> scan_json(std::string_view text, std::string_view name);

inline constexpr std::size_t kLongString = std::size_t{64} << 10;
inline constexpr std::size_t kLongestWord = 4096;

/// Where the first part of about `most` bytes of a string that begins at `begin` and ends at `end` ends, so that
/// neither an escape sequence nor a character is torn, in sound text.
std::size_t cut_json_string(std::string_view text, std::size_t begin, std::size_t end, std::size_t most);

}  // namespace moelm
