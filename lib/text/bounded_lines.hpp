// The lines of a text one by one, in memory that does not grow with a line.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "text/text_source.hpp"

namespace moelm {

/// Reads lines of at most `max_bytes` bytes. Of a longer one nothing is kept. One thread at a time.
class BoundedLines {
 public:
  /// The source must outlive this.
  BoundedLines(TextSource& source, std::size_t max_bytes) : source_(source), max_bytes_(max_bytes) {}

  /// The next line without its '\n', valid until the next call; empty if it is too long; nothing at the end.
  std::optional<std::string_view> next();
  /// Whether the last line had more bytes than are kept.
  bool too_long() const { return too_long_; }
  /// Number of the last line, from 1.
  Index number() const { return number_; }

 private:
  /// Returns false at the end of the text.
  bool read_more();

  TextSource& source_;
  std::size_t max_bytes_;
  std::string buffer_;  // bytes from at_ on are not yet returned
  std::size_t at_ = 0;
  bool too_long_ = false, ended_ = false;
  Index number_ = 0;
};

}  // namespace moelm
