// Removes what this program made, known by name, kind and contents, and nothing else; links are never followed.
#pragma once

#include <string>
#include <vector>

#include "io/file_system.hpp"

namespace moelm {

/// What a checkpoint that is about to be removed is called until it is gone.
std::string name_while_removed(const std::string& checkpoint);

/// Name of the first thing in a checkpoint's folder that a save does not make (another name, a link, a folder), "" for
/// none. Error(io) where it cannot be looked at.
std::string foreign_entry(const std::string& directory, FileSystem& fs);

/// Removes the files of a checkpoint, then its folder: false if anything is left. Where something foreign is in it
/// nothing is removed.
bool remove_checkpoint_folder(const std::string& directory, FileSystem& fs);

/// Removes what saves and removals of a process that died left in a run's folder and in its checkpoints. A warning for
/// each that is called so but holds something else, or cannot be removed: it stays.
std::vector<std::string> remove_leftovers(const std::string& run, FileSystem& fs);

}  // namespace moelm
