// The lines of a report: a name and its value in a column.
#pragma once

#include <string>

namespace moelm {

/// "perplexity     37.5\n". `value` is already escaped. REQUIRES a name of at most 14 characters.
inline std::string report_line(const std::string& name, const std::string& value) {
  constexpr std::size_t kColumn = 15;
  return name + std::string(kColumn - name.size(), ' ') + value + "\n";
}

}  // namespace moelm
