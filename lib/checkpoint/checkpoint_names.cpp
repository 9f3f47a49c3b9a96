#include "checkpoint/checkpoint_names.hpp"

#include <algorithm>
#include <functional>
#include <string_view>

#include "base/error.hpp"
#include "checkpoint/checkpoint.hpp"
#include "io/checksum.hpp"

namespace moelm {

namespace {

constexpr Index kMaxHintBytes = 256;
constexpr int kMaxLooks = 10;

CheckpointHint parse_hint(const std::string& text, const std::string& path) {
  const std::size_t space = text.find(' ');
  if (space != std::string::npos && text.back() == '\n') {
    const auto name = CheckpointName::parse(std::string_view(text).substr(0, space));
    const std::string sum = text.substr(space + 1, text.size() - space - 2);
    if (name && is_sha256_hex(sum)) return {*name, sum};
  }
  throw Error(Exit::bad_data, path + ": expected the name of a checkpoint and the checksum of its manifest");
}

/// Returns the hint if the manifest it names exists and has the checksum it states.
CheckpointHint checked_hint(const std::string& checkpoints, const char* hint, const CheckpointHint& found,
                            FileSystem& fs) {
  const std::string path = join_path(checkpoints, hint);
  const std::string manifest = join_path(join_path(checkpoints, found.name.text()), kManifestFile);
  if (!path_exists(manifest, fs))
    throw Error(Exit::bad_data, path + ": expected a checkpoint called " + found.name.text() + ", found none");
  const std::string sum = sha256_of_file(manifest, fs);
  if (sum != found.sha256)
    throw Error(Exit::bad_data, manifest + ": sha256: expected " + found.sha256 + " (" + hint + "), found " + sum);
  return found;
}

}  // namespace

void require_own_directory(const std::string& checkpoints, FileSystem& fs) {
  if (leads_elsewhere(checkpoints, fs))
    throw Error(Exit::bad_data, checkpoints + ": expected a directory, found a link or a file; a whole run may be a " +
                                    "link, a part of it may not");
}

std::vector<CheckpointName> checkpoint_names(const std::string& checkpoints, FileSystem& fs) {
  std::vector<CheckpointName> names;
  if (!path_exists(checkpoints, fs)) return names;
  require_own_directory(checkpoints, fs);
  for (const std::string& entry : list_directory(checkpoints, fs))
    if (const auto name = CheckpointName::parse(entry)) names.push_back(*name);
  std::sort(names.begin(), names.end(), std::greater<>());
  return names;
}

std::string hint_text(const std::string& name, const std::string& sha256) { return name + " " + sha256 + "\n"; }

std::optional<CheckpointHint> read_hint(const std::string& checkpoints, const char* hint, FileSystem& fs,
                                        std::vector<std::string>& warnings) {
  const std::string path = join_path(checkpoints, hint);
  std::string before, fault;
  // A training run replaces the hint and then removes what it named. Only a hint that is unchanged at the second look
  // is wrong.
  for (int look = 0; look < kMaxLooks && path_exists(path, fs); ++look) {
    std::string text;
    try {
      text = read_file(path, kMaxHintBytes, Links::refuse, fs);
      return checked_hint(checkpoints, hint, parse_hint(text, path), fs);
    } catch (const Error& error) {
      fault = error.what();
    }
    if (look > 0 && text == before) break;
    before = text;
  }
  if (!fault.empty() && path_exists(path, fs)) warnings.push_back(fault);
  return std::nullopt;
}

}  // namespace moelm
