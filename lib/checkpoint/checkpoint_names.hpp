// What lies in a run's checkpoints directory: names in order of age, and the hints LATEST and BEST.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "checkpoint/manifest.hpp"
#include "io/file.hpp"

namespace moelm {

inline constexpr const char* kCheckpointsDirectory = "checkpoints";
inline constexpr const char* kLatestHint = "LATEST";
inline constexpr const char* kBestHint = "BEST";

/// Refuses a link or a file in place of a run's checkpoints: Error(bad_data).
void require_own_directory(const std::string& checkpoints, FileSystem& fs);

/// Names of the checkpoints in a directory, newest first; none if the directory does not exist. Error(bad_data) where
/// it is a link, behind which others may keep their files.
std::vector<CheckpointName> checkpoint_names(const std::string& checkpoints, FileSystem& fs);

/// A checkpoint's name and the checksum of its manifest.
struct CheckpointHint {
  CheckpointName name;
  std::string sha256;
};

std::string hint_text(const std::string& name, const std::string& sha256);

/// Nothing if there is no such file; what is no hint, or fits no manifest that is there, is nothing with a warning.
std::optional<CheckpointHint> read_hint(const std::string& checkpoints, const char* hint, FileSystem& fs,
                                        std::vector<std::string>& warnings);

}  // namespace moelm
