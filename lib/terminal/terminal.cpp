#include "terminal/terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <sstream>

#include "base/quantity.hpp"

namespace moelm {

namespace {
constexpr Index kUsual = 80, kLeast = 20, kMost = 10000;
}

Index terminal_columns(int descriptor) {
  if (const char* const text = std::getenv("COLUMNS"))
    if (const auto columns = parse_index(text); columns && *columns >= kLeast && *columns <= kMost) return *columns;
  winsize size{};
  if (::isatty(descriptor) == 1 && ::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col >= kLeast)
    return size.ws_col;
  return kUsual;
}

std::string wrap_words(std::string_view text, std::size_t width, std::size_t indent, std::size_t column,
                       std::string_view broken) {
  std::string lines;
  bool begun = false;  // whether a word stands in this line
  std::istringstream words{std::string(text)};
  for (std::string word; words >> word;) {
    if (begun && column + 1 + word.size() + broken.size() > width) {
      lines += std::string(broken) + "\n" + std::string(indent, ' ');
      column = indent;
      begun = false;
    }
    lines += (begun ? " " : "") + word;
    column += word.size() + (begun ? 1 : 0);
    begun = true;
  }
  return lines;
}

}  // namespace moelm
