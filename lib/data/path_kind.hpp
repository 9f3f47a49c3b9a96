// What a path that a user gave is, told by names alone, so that an error can say what was given instead.
#pragma once

#include <string>

namespace moelm {

enum class PathKind { nothing, file, data, run, checkpoint, checkpoints, folder };

/// Reads no file: a folder counts as what its files are called.
PathKind path_kind(const std::string& path);

/// "a data folder", "the checkpoints of a run", "nothing".
std::string describe(PathKind kind);

/// Error(missing_input) unless it may be a run or a checkpoint: it says what was given, and what to give. `program` is
/// what the user called.
void require_run_path(const std::string& path, const std::string& program);

/// Error(missing_input) unless there is an index.json.
void require_data_path(const std::string& path);

/// Error(missing_input) for a sentence in place of a text, Error(bad_data) for a folder, each with what to give.
void require_text_path(const std::string& path, const std::string& program);

}  // namespace moelm
