#include "report/chart_axes.hpp"

#include <algorithm>
#include <cmath>

#include "base/quantity.hpp"

namespace moelm {
namespace {

/// The next round number above `rough`: 1, 2 or 5 times a power of ten.
double round_step(double rough) {
  const double power = std::pow(10.0, std::floor(std::log10(rough)));
  for (const double factor : {1.0, 2.0, 5.0})
    if (factor * power >= rough * (1 - 1e-9)) return factor * power;
  return 10 * power;
}

std::vector<double> linear_ticks(double min, double max, int count) {
  const double step = round_step((max - min) / count);
  const double first = std::floor(min / step + 1e-9);
  std::vector<double> ticks;
  for (int i = 0;; ++i) {
    const double tick = (first + i) * step;
    ticks.push_back(std::abs(tick) < step * 1e-9 ? 0 : tick);
    if (tick >= max - step * 1e-9 || i > 50) return ticks;
  }
}

std::vector<double> logarithmic_ticks(double min, double max, int count) {
  const double decades = std::log10(max / min);
  if (decades < 0.3) return linear_ticks(min, max, count);
  const int every = std::max(1, static_cast<int>(std::ceil(decades / count)));
  const bool fine = decades * 3 <= count + 3;
  std::vector<double> ticks;
  for (int power = static_cast<int>(std::floor(std::log10(min))); power <= 300; ++power) {
    for (const double factor : {1.0, 2.0, 5.0}) {
      if (factor > 1 && !fine) continue;
      if (!fine && (power % every + every) % every != 0) continue;
      const double tick = factor * std::pow(10.0, power);
      if (tick > max * 1.0001) return ticks;
      if (tick >= min * 0.9999) ticks.push_back(tick);
    }
  }
  return ticks;
}

}  // namespace

Axis::Axis(double min, double max, int ticks, bool logarithmic, AxisEnds ends)
    : low_(min), high_(max), logarithmic_(logarithmic) {
  if (!(high_ > low_)) {
    const double room = logarithmic ? 0 : std::max(std::abs(low_) * 0.1, 1e-6);
    low_ = logarithmic ? low_ / 1.5 : low_ - room;
    high_ = logarithmic ? high_ * 1.5 : high_ + room;
  }
  ticks_ = logarithmic_ ? logarithmic_ticks(low_, high_, ticks) : linear_ticks(low_, high_, ticks);
  if (logarithmic_ || ends == AxisEnds::data) {
    const double room = logarithmic_ ? 0 : (high_ - low_) * 1e-3;
    std::erase_if(ticks_, [&](double t) { return t < low_ - room || t > high_ + room; });
  } else {
    low_ = std::min(low_, ticks_.front());
    high_ = std::max(high_, ticks_.back());
  }
}

double Axis::at(double value) const {
  if (logarithmic_) return std::log(value / low_) / std::log(high_ / low_);
  return (value - low_) / (high_ - low_);
}

std::string Axis::label(double value) {
  const double size = std::abs(value);
  if (size >= 1e6 && size < 1e15) return format_printf("%gM", value / 1e6);
  if (size >= 1e4 && size < 1e6) return format_printf("%gk", value / 1e3);
  return format_printf("%g", value);
}

std::string coordinate(double value) { return format_printf("%.2f", value); }

}  // namespace moelm
