// Paths that mean the same from any folder.
#pragma once

#include <string>

namespace moelm {

/// The path from the root, for a file that has to be found from another folder too. Links stay; "..", which may lead
/// through one, is resolved where the path exists. As it was where the present folder cannot be told.
std::string absolute_path(const std::string& path);

}  // namespace moelm
