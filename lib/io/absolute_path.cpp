#include "io/absolute_path.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>

namespace moelm {

std::string absolute_path(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::path whole = fs::absolute(path, error);
  if (error) return path;
  const bool upward = std::find(whole.begin(), whole.end(), "..") != whole.end();
  const fs::path resolved = upward ? fs::canonical(whole, error) : whole.lexically_normal();
  std::string text = error ? whole.string() : resolved.string();
  while (text.size() > 1 && text.back() == '/') text.pop_back();
  return text;
}

}  // namespace moelm
