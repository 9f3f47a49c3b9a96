// Names of files and folders as lists of them show them.
#pragma once

#include <string>
#include <vector>

namespace moelm {

/// Paths without the folders that they have in common. Thread-safe.
std::vector<std::string> short_names(std::vector<std::string> paths);

}  // namespace moelm
