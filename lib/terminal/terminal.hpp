// How wide the text of a program may be, and words broken to that width.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/index.hpp"

namespace moelm {

/// Columns of what a descriptor writes to: COLUMNS where it is set, else the width of the terminal, else 80.
Index terminal_columns(int descriptor);

/// The words of a text in lines of at most `width` columns (a longer word stands alone). The first line goes on at
/// `column`, the others begin after `indent` spaces; `broken` stands at the end of each line that goes on. Ends without
/// a newline.
std::string wrap_words(std::string_view text, std::size_t width, std::size_t indent = 0, std::size_t column = 0,
                       std::string_view broken = "");

}  // namespace moelm
