#include "run/checkpoint_names.hpp"

#include <algorithm>
#include <functional>
#include <string_view>

#include "base/error.hpp"
#include "io/checksum.hpp"
#include "run/checkpoint.hpp"

namespace moelm {

namespace {

constexpr Index kLongestHint = 256;

CheckpointHint parse_hint(const std::string& text, const std::string& path) {
  const std::size_t space = text.find(' ');
  if (space != std::string::npos && text.back() == '\n') {
    const auto name = CheckpointName::parse(std::string_view(text).substr(0, space));
    const std::string sum = text.substr(space + 1, text.size() - space - 2);
    if (name && is_sha256_hex(sum)) return {*name, sum};
  }
  throw Error(Exit::bad_data, path + ": expected the name of a checkpoint and the checksum of its manifest");
}

}  // namespace

std::vector<CheckpointName> checkpoint_names(const std::string& checkpoints, FileSystem& fs) {
  std::vector<CheckpointName> names;
  if (!path_exists(checkpoints, fs)) return names;
  for (const std::string& entry : list_directory(checkpoints, fs))
    if (const auto name = CheckpointName::parse(entry)) names.push_back(*name);
  std::sort(names.begin(), names.end(), std::greater<>());
  return names;
}

std::string hint_text(const std::string& name, const std::string& sha256) { return name + " " + sha256 + "\n"; }

std::optional<CheckpointHint> read_hint(const std::string& checkpoints, const char* hint, FileSystem& fs,
                                        std::vector<std::string>& warnings) {
  const std::string path = join_path(checkpoints, hint);
  if (!path_exists(path, fs)) return std::nullopt;
  try {
    const CheckpointHint result = parse_hint(read_file(path, kLongestHint, Links::refuse, fs), path);
    const std::string manifest = join_path(join_path(checkpoints, result.name.text()), kManifestFile);
    if (!path_exists(manifest, fs))
      throw Error(Exit::bad_data, path + ": expected a checkpoint called " + result.name.text() + ", found none");
    const std::string sum = sha256_of_file(manifest, fs);
    if (sum != result.sha256)
      throw Error(Exit::bad_data, manifest + ": sha256: expected " + result.sha256 + " (" + hint + "), found " + sum);
    return result;
  } catch (const Error& error) {
    warnings.push_back(error.what());
    return std::nullopt;
  }
}

}  // namespace moelm
