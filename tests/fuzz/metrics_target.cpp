// The log of a run in every reader of it: lines, curves, histories of experts, tables.
#include "checkpoint/metrics_log.hpp"
#include "fuzz/scratch.hpp"
#include "fuzz/targets.hpp"
#include "plot/metrics_csv.hpp"

namespace moelm {

std::string fuzz_metrics(std::string_view bytes) {
  const std::string path = put_scratch(bytes);
  const TrainingCurves curves = read_training_curves(path);  // leaves out other lines
  for (const ExpertHistory& history : curves.history) {
    promise(fates(history).size() == static_cast<std::size_t>(history.experts()), "every expert has a fate");
    for (std::size_t v = 1; v < history.validations(); ++v) {
      promise(history.step(v) > history.step(v - 1), "validations are in order");
      promise(history.moved(v) >= 0 && history.moved(v) <= 1.001, "at most everything moves");
    }
  }
  return refusal_of([&] {
    for_each_metric(path, [](const Json& line) { json_text(line); });
    write_metrics_csv({{"run", path, curves}}, [](std::string_view) {});
  });
}

}  // namespace moelm
