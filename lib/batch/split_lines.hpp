// The lines of a split of a data folder.
#pragma once

#include <vector>

#include "batch/line_source.hpp"
#include "data/dataset.hpp"
#include "data/token_cursor.hpp"

namespace moelm {

/// A place between two parts of the lines of a split: enough to go on from there.
struct LinePlace {
  Index token = 0;        ///< of the split, the next one to be read
  Index line = 0;         ///< finished lines
  Index first = 0;        ///< tokens given out of the line that goes on here, 0 at its start
  bool owes_end = false;  ///< the line end was given out, the `</s>` that follows it was not
};

/// Reads on from any place that it has been at. Parts have at most `max_tokens` tokens, `</s>` included.
class SplitLines final : public LineSource {
 public:
  /// Refers to the dataset, which must outlive it. REQUIRES max_tokens >= 1.
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
  std::size_t max_;
  LinePlace place_;      // but for the token
  Index last_line_ = 0;  // tokens of the line that was finished last
  std::vector<std::int32_t> ids_;
  std::vector<TokenFlag> flags_;
  std::size_t at_ = 0;
};

}  // namespace moelm
