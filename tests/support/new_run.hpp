// The folder of a run that was begun and not trained yet.
#pragma once

#include <string>

#include "io/file.hpp"
#include "run/run_folder.hpp"

namespace moelm {

inline StoredRun put_new_run(const std::string& run, const RunConfig& config, const Dataset& data) {
  make_directories(run);
  StoredRun stored = new_run(run, config, data);
  create_run(run, stored, data);
  return stored;
}

}  // namespace moelm
