// What moe-check does with one path: tells what is there and everything that is wrong with it.
#pragma once

#include <string>
#include <vector>

namespace moelm {

struct VerifiedPath {
  std::string path;
  std::string kind;  ///< "run", "checkpoint", "data", "file", or "unknown"
  std::vector<std::string>
      faults;  ///< a line each, with file and field or offset; text of strangers is in them as it is
  std::vector<std::string> notes;  ///< no faults: what a slimmed checkpoint is not good for
};

/// Reads all of a run, checkpoint, data folder or file. Writes nothing, takes no lock, and works while the run is
/// training. Error(missing_input) if nothing is there.
VerifiedPath verify_path(const std::string& path);

}  // namespace moelm
