#include "checkpoint/checkpoint_removal.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/error.hpp"
#include "checkpoint/checkpoint_names.hpp"
#include "checkpoint/manifest.hpp"
#include "io/file.hpp"
#include "io/file_names.hpp"

namespace moelm {

namespace {

constexpr std::string_view kRemoved = ".tmp-del-";
/// The log while it is rewritten.
constexpr std::string_view kRenewedLog = ".tmp-metrics.jsonl";
constexpr std::array<std::string_view, 5> kRunFiles = {kConfigFile, kTokenizerFile, kVocabularyFile, kResultFile,
                                                       kMetricsFile};
constexpr std::array<std::string_view, 2> kHints = {kLatestHint, kBestHint};

/// Whether a folder of this name is being filled by a save or emptied by a removal.
bool is_checkpoint_leftover(std::string_view name) {
  if (name.starts_with(kRemoved)) return CheckpointName::parse(name.substr(kRemoved.size())).has_value();
  const auto target = temporary_target(name);
  return target && CheckpointName::parse(*target);
}

template <class Names>
bool is_file_leftover(std::string_view name, const Names& targets) {
  const auto target = temporary_target(name);
  return target && std::find(targets.begin(), targets.end(), *target) != targets.end();
}

}  // namespace

std::string name_while_removed(const std::string& checkpoint) { return std::string(kRemoved) + checkpoint; }

std::string foreign_entry(const std::string& directory, FileSystem& fs) {
  for (const std::string& name : list_directory(directory, fs)) {
    const bool ours = std::find(kCheckpointFiles.begin(), kCheckpointFiles.end(), name) != kCheckpointFiles.end();
    if (!ours || !is_regular_file(join_path(directory, name), fs)) return name;
  }
  return "";
}

bool remove_checkpoint_folder(const std::string& directory, FileSystem& fs) {
  try {
    if (!foreign_entry(directory, fs).empty()) return false;
  } catch (const Error&) {
    return false;
  }
  for (const char* name : kCheckpointFiles) remove_file(join_path(directory, name), fs);
  return fs.rmdir(directory.c_str()) == 0;
}

std::vector<std::string> remove_leftovers(const std::string& run, FileSystem& fs) {
  std::vector<std::string> warnings;
  const auto remove = [&](const std::string& path, bool removed) {
    if (!removed && path_exists(path, fs))
      warnings.push_back(path + ": looks like a leftover of an interrupted save, but cannot be removed or holds more " +
                         "than one; it is left as it is");
  };
  for (const std::string& name : list_directory(run, fs)) {
    const std::string path = join_path(run, name);
    if (name != kRenewedLog && !is_file_leftover(name, kRunFiles)) continue;
    if (is_regular_file(path, fs)) remove(path, remove_file(path, fs));
  }
  const std::string checkpoints = join_path(run, kCheckpointsDirectory);
  for (const std::string& name : list_directory(checkpoints, fs)) {
    const std::string path = join_path(checkpoints, name);
    if (is_file_leftover(name, kHints) && is_regular_file(path, fs)) remove(path, remove_file(path, fs));
    if (is_checkpoint_leftover(name) && is_directory(path, Links::refuse, fs))
      remove(path, remove_checkpoint_folder(path, fs));
  }
  return warnings;
}

}  // namespace moelm
