// Which checkpoint of a run to read: the newest or the best one that is intact.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "checkpoint/checkpoint.hpp"

namespace moelm {

/// The checkpoint that was chosen, and why others were not, a line each. Nothing of a run is ever ignored silently.
struct FoundCheckpoint {
  std::optional<Checkpoint> checkpoint;
  std::vector<std::string> warnings;
};

/// The newest checkpoint (highest step, then attempt) that is intact. None at all: no checkpoint and no error. Some,
/// but no intact one: Error(bad_data) with every reason, Error(io) where one could not be read. Writes nothing, takes
/// no lock, works while the run is training.
FoundCheckpoint newest_checkpoint(const std::string& run, CheckpointScope scope, FileSystem& fs = real_file_system());

/// The checkpoint named by BEST, else the one that the newest intact checkpoint names as the best, else that one.
FoundCheckpoint best_checkpoint(const std::string& run, CheckpointScope scope, FileSystem& fs = real_file_system());

enum class WhichCheckpoint { best, newest };

/// Of a run, or the given checkpoint itself. Error(missing_input) where `path` holds neither.
FoundCheckpoint find_checkpoint(const std::string& path, WhichCheckpoint which, CheckpointScope scope,
                                FileSystem& fs = real_file_system());

/// Whether a path is a checkpoint's directory, whole or not.
bool is_checkpoint(const std::string& path, FileSystem& fs = real_file_system());

}  // namespace moelm
