// The names in a run's checkpoints directory, and its hints LATEST and BEST.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "checkpoint/manifest.hpp"
#include "io/file.hpp"
#include "io/file_names.hpp"

namespace moelm {

/// Error(bad_data) if a link or a file is in the place of a run's checkpoints directory.
void require_own_directory(const std::string& checkpoints, FileSystem& fs);

/// Names of the checkpoints in a directory, newest first. Empty if the directory does not exist. Error(bad_data) if it
/// is a link, which may lead to files of others.
std::vector<CheckpointName> checkpoint_names(const std::string& checkpoints, FileSystem& fs);

/// A checkpoint's name and the checksum of its manifest.
struct CheckpointHint {
  CheckpointName name;
  std::string sha256;
};

std::string hint_text(const std::string& name, const std::string& sha256);

/// Returns nothing if there is no such file. A file that is not a hint, or names no existing manifest, adds a warning.
std::optional<CheckpointHint> read_hint(const std::string& checkpoints, const char* hint, FileSystem& fs,
                                        std::vector<std::string>& warnings);

}  // namespace moelm
