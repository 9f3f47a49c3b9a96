#include "terminal/terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "base/escape.hpp"
#include "base/quantity.hpp"

namespace moelm {

namespace {
constexpr Index kDefaultColumns = 80, kMinColumns = 20, kMaxColumns = 10000;
}

Index terminal_columns(int descriptor) {
  if (const char* const text = std::getenv("COLUMNS"))
    if (const auto columns = parse_index(text); columns && *columns >= kMinColumns && *columns <= kMaxColumns)
      return *columns;
  winsize size{};
  if (::isatty(descriptor) == 1 && ::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col >= kMinColumns)
    return size.ws_col;
  return kDefaultColumns;
}

std::string wrap_words(std::string_view text, Index width, Index indent, Index column, std::string_view line_suffix) {
  constexpr std::string_view kBlank = " \n";
  const Index suffix_width = display_width(line_suffix);
  std::string lines;
  for (bool line_started = false;; line_started = true) {
    const std::size_t begin = std::min(text.find_first_not_of(kBlank), text.size());
    if (begin == text.size()) return lines;
    const std::size_t end = std::min(text.find_first_of(kBlank, begin), text.size());
    const std::string_view word = text.substr(begin, end - begin);
    Index blanks = line_started ? static_cast<Index>(begin) : 0;
    if (line_started && column + blanks + display_width(word) + suffix_width > width) {
      lines.append(line_suffix).append("\n").append(indent, ' ');
      column = indent;
      blanks = 0;
    }
    lines.append(blanks, ' ').append(word);
    column += blanks + display_width(word);
    text.remove_prefix(end);
  }
}

}  // namespace moelm
