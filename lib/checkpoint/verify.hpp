// Looks for every fault in runs, checkpoints and files, where readers stop at the first.
#pragma once

#include <string>
#include <vector>

#include "io/file_system.hpp"

namespace moelm {

/// Everything that is wrong with a checkpoint, a line each: what Checkpoint::open checks, for every file, and beyond it
/// numbers that are not finite, and files that do not belong there. Empty for a good one, slimmed or not.
std::vector<std::string> checkpoint_faults(const std::string& directory, FileSystem& fs = real_file_system());

/// "" for a checkpoint that training can go on from, else what it lacks for that.
std::string checkpoint_note(const std::string& directory, FileSystem& fs = real_file_system());

/// Everything that is wrong with a run apart from its configuration and vocabulary, which this module does not know:
/// results, metrics, every checkpoint, LATEST and BEST. Writes nothing and may be used while the run is
/// training: what is being written, replaced or removed at that moment is no fault.
std::vector<std::string> run_faults(const std::string& run, FileSystem& fs = real_file_system());

/// checkpoint_note of every checkpoint of a run that has one.
std::vector<std::string> run_notes(const std::string& run, FileSystem& fs = real_file_system());

/// What is wrong with one file, told by its name: .safetensors, .json, .jsonl; others are a fault of their own.
std::vector<std::string> file_faults(const std::string& path, FileSystem& fs = real_file_system());

}  // namespace moelm
