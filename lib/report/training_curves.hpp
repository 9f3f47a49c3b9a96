// The training curves of a run, read from run/metrics.jsonl in bounded memory.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/index.hpp"
#include "base/option.hpp"
#include "report/charts.hpp"
#include "report/expert_history.hpp"

namespace moelm {

/// A series that halves its resolution whenever it reaches `kMaxPoints` points. Each point is the mean of equally many
/// values.
class ThinnedSeries {
 public:
  void add(double x, double y);
  /// Drops points at or after x: a resumed run repeats the steps after its checkpoint.
  void rewind(double x);
  std::vector<CurvePoint> points() const;

  static constexpr std::size_t kMaxPoints = 256;

 private:
  std::vector<CurvePoint> points_;
  Index each_ = 1;  // values of a point
  Index pending_ = 0;
  CurvePoint sum_;
};

/// The curves of one MoE layer.
struct LayerCurves {
  Index layer = 0;
  ThinnedSeries cv_importance, cv_load, max_over_mean_load, dead;
};

struct TrainingCurves {
  ThinnedSeries loss;  ///< nats a predicted token
  ThinnedSeries lr, tokens_per_s;
  std::vector<CurvePoint> valid_ppl;
  std::vector<LayerCurves> layers;
  std::vector<ExpertHistory> history;  ///< of each MoE layer, from the validations
  double last_step = 0, last_tokens = 0;
  Index lines = 0;      ///< lines read
  Index bad_lines = 0;  ///< lines that are not metrics; the last one of a run that is writing is not counted

  bool empty() const { return lines == 0; }
};

/// The quantity on the x axis of curves.
enum class CurveAxis { step, tokens };

template <>
struct EnumNames<CurveAxis> {
  static constexpr std::array<std::pair<std::string_view, CurveAxis>, 2> values = {
      {{"step", CurveAxis::step}, {"tokens", CurveAxis::tokens}}};
};

/// Reads a metrics file (docs/formats.md). Histories of experts go by step, whatever the axis. Lines that are no
/// metrics are counted and left out. A missing file gives empty curves. Error for a file that cannot be read.
TrainingCurves read_training_curves(const std::string& path, CurveAxis axis = CurveAxis::step);

}  // namespace moelm
