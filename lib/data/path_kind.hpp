// The kind of a path that a user gave, judged by names alone, so that errors can tell what it is.
#pragma once

#include <string>

namespace moelm {

enum class PathKind { nothing, file, data, run, checkpoint, checkpoints, exported, folder };

/// Judges a folder by the names of its files, and reads none.
PathKind path_kind(const std::string& path);

/// "a data folder", "the checkpoints of a run", "nothing".
std::string describe(PathKind kind);

/// Error(missing_input) unless the path may be a run or a checkpoint. The message names the kind of the path and the
/// path to use instead. `program` is the program that the user called; `texts_follow` where it takes texts or lists
/// after the run.
void require_run_path(const std::string& path, const std::string& program, bool texts_follow = false);

/// Error(missing_input) unless the folder has an index.json.
void require_data_path(const std::string& path);

/// Error(missing_input) for a sentence instead of a file, Error(bad_data) for a folder, each with what to give instead.
void require_text_path(const std::string& path, const std::string& program);

/// For programs in which each model reads the text: the same, and Error(usage) for what can be read only once.
void require_file_of_text(const std::string& path, const std::string& program);

}  // namespace moelm
