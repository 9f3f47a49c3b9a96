// The lines of a text as tokens, in parts of bounded length.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/train_config.hpp"
#include "tokenizer/encoded_text.hpp"

namespace moelm {

/// The maximum number of tokens in a part. A longer line has several parts.
inline constexpr Index kMaxPartTokens = 4096;

/// Consecutive tokens of one line. The last part includes the line end.
struct LinePart {
  std::vector<std::int32_t> ids;
  std::vector<TokenFlag> flags;  ///< one per token
  Index line = 0;                ///< number of the line, from 1
  Index first = 0;               ///< position of the first token in the line, from 0
  bool ends_line = false;
  bool document_end = false;         ///< the `</s>` after the last line of a document of bytes; it belongs to no line
  std::vector<std::string> surface;  ///< the text of each token in the input, if the source was asked for it
};

/// Yields the lines of a text in order. In `reset` state every line of bytes ends with `</s>` as well, because it
/// counts as a document. Not thread-safe.
class LineSource {
 public:
  virtual ~LineSource() = default;
  LineSource(const LineSource&) = delete;
  LineSource& operator=(const LineSource&) = delete;

  /// Reads the next part, which is never empty. Returns false at the end of the text. May wait for the writer of a
  /// pipe.
  virtual bool next(LinePart& part) = 0;
  /// Whether next() would return without waiting.
  virtual bool ready() = 0;

 protected:
  LineSource() = default;
};

}  // namespace moelm
