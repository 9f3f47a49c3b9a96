// Finds the newest or the best intact checkpoint of a run.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "checkpoint/checkpoint.hpp"

namespace moelm {

/// The chosen checkpoint, and one line for each that was rejected. Nothing of a run is ignored silently.
struct FoundCheckpoint {
  std::optional<Checkpoint> checkpoint;
  std::vector<std::string> warnings;
};

/// The newest intact checkpoint: the highest step, then the highest attempt. If the run has no checkpoints, none is
/// returned. If it has, but none is intact, this is Error(bad_data) with every reason, or Error(io) if one could not be
/// read. Writes nothing, takes no lock, and works while the run is training.
FoundCheckpoint newest_checkpoint(const std::string& run, CheckpointScope scope, FileSystem& fs = real_file_system());

/// The checkpoint that BEST names, else the one that the newest intact checkpoint names as the best, else the newest.
FoundCheckpoint best_checkpoint(const std::string& run, CheckpointScope scope, FileSystem& fs = real_file_system());

enum class WhichCheckpoint { best, newest };

/// A checkpoint of the run `path`, or the checkpoint `path` itself. Error(missing_input) if it is neither.
FoundCheckpoint find_checkpoint(const std::string& path, WhichCheckpoint which, CheckpointScope scope,
                                FileSystem& fs = real_file_system());

/// Whether a path is the directory of a checkpoint, complete or not.
bool is_checkpoint(const std::string& path, FileSystem& fs = real_file_system());

}  // namespace moelm
