// The course of a training, read back from run/metrics.jsonl in bounded memory.
#pragma once

#include <string>
#include <vector>

#include "base/index.hpp"
#include "report/charts.hpp"

namespace moelm {

/// A series that halves its resolution whenever it has `kMost` points: each point is the mean of equally many values.
class ThinnedSeries {
 public:
  void add(double x, double y);
  /// Drops what is not before x: a resumed run repeats the steps after its checkpoint.
  void rewind(double x);
  std::vector<CurvePoint> points() const;

  static constexpr std::size_t kMost = 256;

 private:
  std::vector<CurvePoint> points_;
  Index each_ = 1;  // values of a point
  Index pending_ = 0;
  CurvePoint sum_;
};

/// One MoE layer's course.
struct LayerCurves {
  Index layer = 0;
  ThinnedSeries cv_importance, cv_load, max_over_mean_load, dead;
};

struct TrainingCurves {
  ThinnedSeries loss;  ///< nats a predicted token
  ThinnedSeries lr, tokens_per_s;
  std::vector<CurvePoint> valid_ppl;
  std::vector<LayerCurves> layers;
  Index lines = 0;      ///< lines read
  Index bad_lines = 0;  ///< lines that are no metrics; the last one of a run that is writing is not counted

  bool empty() const { return lines == 0; }
};

/// Reads a metrics file as formats.md describes it. Lines that cannot be used are counted and left out, for a log is
/// not worth failing for; a missing file gives empty curves. Throws Error for a file that cannot be read.
TrainingCurves read_training_curves(const std::string& path);

}  // namespace moelm
