// The places where a text can be cut to hold back its end for validation and test.
#pragma once

#include <optional>
#include <vector>

#include "base/index.hpp"

namespace moelm {

/// A place in a text, described by what is before it.
struct TextMark {
  Index offset = 0;  ///< bytes
  Index tokens = 0;
  Index lines = 0;
  bool line_end = false;  ///< whether a line ends here
};

/// The marks of one text in bounded memory. Two adjacent marks at distance d from the end are at most d/32 apart,
/// unless the text has none between them.
class TextMarks {
 public:
  /// REQUIRES marks in ascending order.
  void add(const TextMark& mark);
  /// The added marks, thinned out. The last one is the end of the text.
  const std::vector<TextMark>& finish();

 private:
  void thin();
  std::vector<TextMark> marks_;
};

/// Where the part begins that is held back from a text that ends at `end`: the fewest complete lines with at least
/// `wanted` tokens, or, within long lines, at most `wanted` tokens. It never has more than `max` tokens or a third of
/// the text before `end`. Nothing if no mark fits. Marks before `from` are not used.
std::optional<TextMark> held_back_begin(const std::vector<TextMark>& marks, const TextMark& end, Index wanted,
                                        Index max, Index from = 0);

}  // namespace moelm
