// Where a text can be cut to hold its end back for validation and test.
#pragma once

#include <optional>
#include <vector>

#include "base/index.hpp"

namespace moelm {

/// A place in a text: what lies before it.
struct TextMark {
  Index offset = 0;  ///< bytes
  Index tokens = 0;
  Index lines = 0;
  bool line_end = false;  ///< whether a line ends here
};

/// Marks of one text, from its beginning to its end, in little memory: two neighbours at a distance d from the end are
/// at most d/32 apart, or neighbours in the text.
class TextMarks {
 public:
  /// REQUIRES marks in ascending order.
  void add(const TextMark& mark);
  /// All that was added, thinned; the last one is the end of the text.
  const std::vector<TextMark>& finish();

 private:
  void thin();
  std::vector<TextMark> marks_;
};

/// Where the part begins that is held back from the end of a text at `end`: the smallest whole lines of at least
/// `wanted` tokens, else, within long lines, at most `wanted`; never more than `most` tokens, never more than a third
/// of the text before `end`. Nothing where no place fits. Marks before `from` are out of bounds.
std::optional<TextMark> held_back_begin(const std::vector<TextMark>& marks, const TextMark& end, Index wanted,
                                        Index most, Index from = 0);

}  // namespace moelm
