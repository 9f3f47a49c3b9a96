// The work of moe-check on one path: finds out what it is, and all its faults.
#pragma once

#include <string>
#include <vector>

namespace moelm {

struct VerifiedPath {
  std::string path;
  std::string kind;                 ///< "run", "checkpoint", "data", "file", or "unknown"
  std::vector<std::string> faults;  ///< one line each, with file and field or offset; not escaped
  std::vector<std::string> notes;   ///< no faults: checkpoints that cannot be resumed
};

/// Reads all of a run, checkpoint, data folder or file. Writes nothing, takes no lock, and works while the run is
/// training. Error(missing_input) if the path does not exist.
VerifiedPath verify_path(const std::string& path);

}  // namespace moelm
