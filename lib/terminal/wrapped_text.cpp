#include "terminal/wrapped_text.hpp"

#include <algorithm>

#include "base/escape.hpp"

namespace moelm {

std::string wrapped_text(std::string_view escaped, Index indent, Index columns) {
  std::string lines;
  Index column = indent;
  while (!escaped.empty()) {
    const std::size_t blanks = std::min(escaped.find_first_not_of(' '), escaped.size());
    const std::size_t end = std::min(escaped.find(' ', blanks), escaped.size());
    const std::string_view word = escaped.substr(blanks, end - blanks);
    const Index width = display_width(word);
    if (column > indent && column + static_cast<Index>(blanks) + width > columns) {
      lines.append("\n").append(static_cast<std::size_t>(indent), ' ');
      column = indent + width;
    } else {
      lines.append(blanks, ' ');
      column += static_cast<Index>(blanks) + width;
    }
    lines += word;
    escaped.remove_prefix(end);
  }
  return lines + "\n";
}

}  // namespace moelm
