// The lines of a report: a name and its value in a column.
#pragma once

#include <string>

#include "base/index.hpp"

namespace moelm {

/// The widest name of a model, a class or a source in a table.
inline constexpr Index kNameColumns = 40;

/// "perplexity   37.5\n". `value` is already escaped. REQUIRES a name of at most 12 characters.
inline std::string report_line(const std::string& name, const std::string& value) {
  constexpr std::size_t kColumn = 13;
  return name + std::string(kColumn - name.size(), ' ') + value + "\n";
}

}  // namespace moelm
