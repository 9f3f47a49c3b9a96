// The lines of a split of a data folder.
#pragma once

#include <vector>

#include "batch/line_source.hpp"
#include "data/dataset.hpp"
#include "data/token_cursor.hpp"

namespace moelm {

/// A place between two parts of the lines of a split. Reading can continue from it.
struct LinePlace {
  Index token = 0;        ///< the next token of the split
  Index line = 0;         ///< finished lines
  Index first = 0;        ///< tokens of the current line that were already returned, 0 at its start
  bool owes_end = false;  ///< the line end was returned, but not yet the `</s>` after it
};

/// Reads lines from any place that place() has returned. Parts have at most `max_tokens` tokens, `</s>` included.
class SplitLines final : public LineSource {
 public:
  /// The dataset must outlive this object. REQUIRES max_tokens >= 1.
  SplitLines(const Dataset& data, Split split, StateKind state, Index max_tokens = kMaxPartTokens,
             LinePlace place = {});

  bool ready() override { return true; }
  bool next(LinePart& part) override;
  LinePlace place() const;

 private:
  bool take_document_end(LinePart& part);
  void push_token(LinePart& part);
  bool refill();

  TokenCursor cursor_;
  std::int32_t end_, line_end_;
  bool bytes_, every_line_ends_;
  std::size_t max_part_;
  LinePlace place_;      // all but `token`
  Index last_line_ = 0;  // number of tokens in the last finished line
  std::vector<std::int32_t> ids_;
  std::vector<TokenFlag> flags_;
  std::size_t at_ = 0;
};

}  // namespace moelm
