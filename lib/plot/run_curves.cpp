#include "plot/run_curves.hpp"

#include "base/error.hpp"
#include "base/escape.hpp"
#include "io/file.hpp"
#include "io/file_names.hpp"
#include "io/short_names.hpp"

namespace moelm {

std::vector<RunCurves> read_runs(const std::vector<std::string>& runs, CurveAxis axis) {
  std::vector<std::string> paths;
  for (const std::string& run : runs) paths.push_back(without_trailing_slashes(run));
  const std::vector<std::string> names = short_names(paths);
  std::vector<RunCurves> all;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    const std::string log = join_path(paths[i], kMetricsFile);
    if (!path_exists(log))
      throw Error(Exit::missing_input, log + ": expected the metrics of a run, found nothing; has it been trained?");
    RunCurves run{escape_terminal(names[i]), log, read_training_curves(log, axis)};
    if (run.curves.lines == run.curves.bad_lines)
      throw Error(Exit::bad_data, log + ": expected lines of metrics, found none");
    all.push_back(std::move(run));
  }
  return all;
}

}  // namespace moelm
