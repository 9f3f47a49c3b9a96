// Lines of a split, one after another, as the model reads them when every line starts from the zero state.
#pragma once

#include <cstdint>
#include <vector>

#include "data/token_cursor.hpp"

namespace moelm {

/// A line ends with `</s>`: in text and word tokens it does so in the data, for bytes the line end is followed by one.
class LineReader {
 public:
  LineReader(const Dataset& data, Split split, Index position = 0);

  /// Token position in the split of the next line's first token.
  Index position() const { return cursor_.position() - static_cast<Index>(buffer_.size() - next_); }

  /// Reads the next line, cut after `most` tokens (the rest is then the next line). Returns false at the end.
  bool read(std::vector<std::int32_t>& line, std::vector<TokenFlag>& flags, Index most);

 private:
  bool refill();

  TokenCursor cursor_;
  std::int32_t line_end_, end_;
  bool append_end_;
  std::vector<std::int32_t> buffer_;
  std::vector<TokenFlag> flags_;
  std::size_t next_ = 0;
};

}  // namespace moelm
