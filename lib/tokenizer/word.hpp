// A word as a part of a text.
#pragma once

#include <cstdint>
#include <string_view>

namespace moelm {

/// A word of a text shorter than 4 GiB. Length 0 is a line end (split_text, split_white_space).
struct Word {
  std::uint32_t begin = 0;
  std::uint32_t length = 0;
  bool is_line_end() const { return length == 0; }
  std::string_view in(std::string_view text) const { return {text.data() + begin, length}; }
  bool operator==(const Word&) const = default;
};

}  // namespace moelm
