#include "bench/measure.hpp"

#include <algorithm>

#include "base/stopwatch.hpp"

namespace moelm {

namespace {

constexpr Index kTinyDivisor = 64, kTinyLeast = 4;
constexpr double kMinSeconds = 1e-9;  // where the clock went back nothing is known, but no speed is infinite

}  // namespace

Index BenchSetting::size(Index meant) const {
  return tiny ? std::max(std::min(meant, kTinyLeast), meant / kTinyDivisor) : meant;
}

double BenchSetting::median_seconds(const std::function<void()>& prepare, const std::function<void()>& call,
                                    double seconds, int min_runs) const {
  prepare();
  call();
  std::vector<double> times;
  double total = 0;
  while (static_cast<int>(times.size()) < (tiny ? 1 : min_runs) || (!tiny && total < seconds)) {
    prepare();
    Stopwatch watch;
    call();
    times.push_back(std::max(watch.seconds(), kMinSeconds));
    total += times.back();
  }
  std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2), times.end());
  return times[times.size() / 2];
}

}  // namespace moelm
