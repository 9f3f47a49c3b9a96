// Removes what this program made, recognised by name, kind and contents, and nothing else. Never follows links.
#pragma once

#include <string>
#include <vector>

#include "io/file_system.hpp"

namespace moelm {

/// The name of a checkpoint while it is being removed.
std::string name_while_removed(const std::string& checkpoint);

/// The first entry of a checkpoint's folder that no save makes (another name, a link, a folder), or "". Error(io) if
/// the folder cannot be read.
std::string foreign_entry(const std::string& directory, FileSystem& fs);

/// Removes the files of a checkpoint, then its folder. Returns false if anything is left. If the folder holds a foreign
/// entry, nothing is removed.
bool remove_checkpoint_folder(const std::string& directory, FileSystem& fs);

/// Removes what interrupted saves and removals left in a run's folder and in its checkpoints. Returns a warning for
/// each that has such a name but holds something else, or cannot be removed. It stays.
std::vector<std::string> remove_leftovers(const std::string& run, FileSystem& fs);

}  // namespace moelm
