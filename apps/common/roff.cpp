#include "common/roff.hpp"

#include <algorithm>
#include <cctype>

#include "base/version.hpp"

namespace moelm {

std::string roff(std::string_view text) {
  std::string escaped;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool begins_line = i == 0 || text[i - 1] == '\n';
    const char c = text[i];
    if (begins_line && (c == '.' || c == '\'')) escaped += "\\&";
    switch (c) {
      case '\\':
        escaped += "\\e";
        break;
      case '-':
        escaped += "\\-";
        break;
      case '\'':
        escaped += "\\(aq";
        break;
      case '^':
        escaped += "\\(ha";
        break;
      case '~':
        escaped += "\\(ti";
        break;
      case '`':
        escaped += "\\(ga";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::string roff_title(std::string_view name, int section) {
  std::string capitals(name);
  std::transform(capitals.begin(), capitals.end(), capitals.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return ".TH " + roff(capitals) + " " + std::to_string(section) + " \"\" \"moelm " + version() +
         "\" \"moelm manual\"\n";
}

std::string roff_section(std::string_view title) { return ".SH " + roff(title) + "\n"; }

std::string roff_entry(const std::string& label, const std::string& text) {
  return ".TP\n" + label + "\n" + text + "\n";
}

}  // namespace moelm
