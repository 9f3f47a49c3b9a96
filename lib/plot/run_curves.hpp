// The curves of several runs, each under a short name.
#pragma once

#include <string>
#include <vector>

#include "report/training_curves.hpp"

namespace moelm {

struct RunCurves {
  std::string name;  ///< what tells it from the other runs; escaped
  std::string log;   ///< path of its metrics.jsonl
  TrainingCurves curves;
};

/// Reads the metrics.jsonl of runs. Error(missing_input) for a run without one, Error(bad_data) for one without a
/// single line of metrics.
std::vector<RunCurves> read_runs(const std::vector<std::string>& runs, CurveAxis axis);

}  // namespace moelm
