// Ticks of an axis, and numbers as SVG writes them.
#pragma once

#include <string>
#include <vector>

namespace moelm {

/// Whether an axis ends at the data or at round numbers around it.
enum class AxisEnds { data, round };

/// An axis from `min` to `max`; `at` maps it to [0, 1].
class Axis {
 public:
  /// About `ticks` round values; on a logarithmic axis 1, 2, 5 times powers of ten. REQUIRES min <= max, finite,
  /// and min > 0 where logarithmic.
  Axis(double min, double max, int ticks, bool logarithmic, AxisEnds ends = AxisEnds::round);

  double at(double value) const;
  const std::vector<double>& ticks() const { return ticks_; }
  /// A tick's value without needless digits.
  static std::string label(double value);

 private:
  double low_, high_;
  bool logarithmic_;
  std::vector<double> ticks_;
};

/// A coordinate with two decimals.
std::string coordinate(double value);

}  // namespace moelm
