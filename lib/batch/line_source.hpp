// Lines of a text as tokens, in parts of bounded length: what scores of lines are computed from.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/train_config.hpp"
#include "tokenizer/encoded_text.hpp"

namespace moelm {

/// Tokens of a part: a longer line comes in several.
inline constexpr Index kMaxPartTokens = 4096;

/// Consecutive tokens of one line, its end included with the last ones.
struct LinePart {
  std::vector<std::int32_t> ids;
  std::vector<TokenFlag> flags;  ///< one a token
  Index line = 0;                ///< number of the line, from 1
  Index first = 0;               ///< number of the first token within the line, from 0
  bool ends_line = false;
  bool document_end = false;  ///< the `</s>` after the last line of a document of bytes, in no line
  std::vector<std::string>
      surface;  ///< text of each token as it stands in the input, where the source was asked for it
};

/// Yields the lines of a text in order. In `reset` state every line of bytes ends with `</s>` too, as it is a document
/// of its own. One thread at a time.
class LineSource {
 public:
  virtual ~LineSource() = default;
  LineSource(const LineSource&) = delete;
  LineSource& operator=(const LineSource&) = delete;

  /// The next part, never empty; false at the end of the text. May wait for whoever writes the text.
  virtual bool next(LinePart& part) = 0;
  /// Whether next() has its answer without waiting.
  virtual bool ready() = 0;

 protected:
  LineSource() = default;
};

}  // namespace moelm
