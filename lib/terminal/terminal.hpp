// The width of a terminal, and text broken to that width.
#pragma once

#include <string>
#include <string_view>

#include "base/index.hpp"

namespace moelm {

/// The width of the output behind a descriptor: COLUMNS where it is set, else the width of the terminal, else 80.
Index terminal_columns(int descriptor);

/// Breaks escaped text between words into lines of at most `width` columns. A longer word has a line of its own. Blanks
/// within a line are kept. The first line starts at `column`, the others after `indent` spaces. `line_suffix` ends
/// every line but the last. Ends without a newline.
std::string wrap_words(std::string_view text, Index width, Index indent = 0, Index column = 0,
                       std::string_view line_suffix = "");

}  // namespace moelm
