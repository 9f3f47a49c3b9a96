// Paths that do not depend on the current folder.
#pragma once

#include <string>

namespace moelm {

/// The path from the root. Keeps symbolic links. But if an existing path contains "..", all its links are resolved,
/// because ".." may follow a link. Returns `path` unchanged if the current folder is unknown.
std::string absolute_path(const std::string& path);

}  // namespace moelm
