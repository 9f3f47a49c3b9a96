// Finds every fault in runs, checkpoints and files. Readers stop at the first one.
#pragma once

#include <string>
#include <vector>

#include "io/file_system.hpp"

namespace moelm {

/// All faults of a checkpoint, one per line: what Checkpoint::open checks, for every file, and also numbers that are
/// not finite and files that do not belong there. Files for resuming may be missing.
std::vector<std::string> checkpoint_faults(const std::string& directory, FileSystem& fs = real_file_system());

/// "" if the checkpoint can be resumed, else what it lacks for that.
std::string checkpoint_note(const std::string& directory, FileSystem& fs = real_file_system());

/// All faults of a run's results, metrics, checkpoints, LATEST and BEST. (Configuration and vocabulary are checked by
/// lib/run.) Writes nothing, and works while the run is training: files that are being written, replaced or removed are
/// no faults.
std::vector<std::string> run_faults(const std::string& run, FileSystem& fs = real_file_system());

/// The notes of all checkpoints of a run.
std::vector<std::string> run_notes(const std::string& run, FileSystem& fs = real_file_system());

/// All faults of one file, by the end of its name: .safetensors, .json, .jsonl. Any other name is itself a fault.
std::vector<std::string> file_faults(const std::string& path, FileSystem& fs = real_file_system());

}  // namespace moelm
