#include "io/short_names.hpp"

#include <algorithm>

namespace moelm {

std::vector<std::string> short_names(std::vector<std::string> paths) {
  if (paths.empty()) return paths;
  std::string common = paths.front().substr(0, paths.front().rfind('/') + 1);
  for (const std::string& path : paths) {
    const auto differs = std::mismatch(common.begin(), common.end(), path.begin(), path.end()).first;
    common.erase(differs, common.end());
    common.resize(common.rfind('/') + 1);
  }
  for (std::string& path : paths) path.erase(0, common.size());
  return paths;
}

}  // namespace moelm
