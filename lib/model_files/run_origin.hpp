// The checkpoint of another run that a run's first weights come from.
#pragma once

#include <string>
#include <vector>

#include "checkpoint/checkpoint.hpp"
#include "run/run_folder.hpp"

namespace moelm {

/// It, and what was passed over to find it.
struct OpenedOrigin {
  Checkpoint checkpoint;
  std::vector<std::string> warnings;
};

/// Opens what the origin of `stored` names, which is not random. The first time it decides which checkpoint of a run it
/// is (the best for `init`, the newest for `resume`) and puts it into `stored`; from then on exactly that one is
/// opened. Error(missing_input) where it is gone, Error(bad_data) where another has its place, Error(bad_config) where
/// its ids mean other tokens than those of `data`, or where it goes on from other data. `run` is the folder of
/// `stored`.
OpenedOrigin open_origin(const std::string& run, StoredRun& stored, const Dataset& data);

}  // namespace moelm
