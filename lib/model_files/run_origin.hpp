// The checkpoint of another run that a run's initial weights come from.
#pragma once

#include <string>
#include <vector>

#include "checkpoint/checkpoint.hpp"
#include "run/run_folder.hpp"

namespace moelm {

/// The checkpoint, and warnings about damaged ones that were skipped.
struct OpenedOrigin {
  Checkpoint checkpoint;
  std::vector<std::string> warnings;
};

/// Opens the origin of `stored`, which must not be random. The first time, it chooses the checkpoint (the best for
/// `init`, the newest for `resume`) and stores it in `stored`; later it opens exactly that one. Error(missing_input) if
/// it is gone, Error(bad_data) if another checkpoint is in its place, Error(bad_config) if `data` do not match. `run`
/// is the folder of `stored`.
OpenedOrigin open_origin(const std::string& run, StoredRun& stored, const Dataset& data);

}  // namespace moelm
