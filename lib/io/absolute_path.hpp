// Paths that do not depend on the current folder.
#pragma once

#include <string>

namespace moelm {

/// The path from the root. Links stay, except that ".." (which may lead through one) is resolved where the path exists.
/// Returns `path` unchanged where the current folder is unknown.
std::string absolute_path(const std::string& path);

}  // namespace moelm
