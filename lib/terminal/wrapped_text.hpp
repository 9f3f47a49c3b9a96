// Lines that fit a terminal.
#pragma once

#include <string>
#include <string_view>

#include "base/index.hpp"

namespace moelm {

/// Escaped text from column `indent` on, broken between words so that no line is wider than `columns` unless a single
/// word is; the first line is taken to stand at `indent` already. Ends in a newline.
std::string wrapped_text(std::string_view escaped, Index indent, Index columns);

}  // namespace moelm
