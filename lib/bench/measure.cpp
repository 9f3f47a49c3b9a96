#include "bench/measure.hpp"

#include <algorithm>
#include <chrono>

namespace moelm {

namespace {

constexpr Index kTinyDivisor = 64, kTinyLeast = 4;

}  // namespace

Index BenchSetting::size(Index meant) const {
  return tiny ? std::max(std::min(meant, kTinyLeast), meant / kTinyDivisor) : meant;
}

double BenchSetting::median_seconds(const std::function<void()>& prepare, const std::function<void()>& call,
                                    double seconds, int least) const {
  using Clock = std::chrono::steady_clock;
  prepare();
  call();
  std::vector<double> times;
  double total = 0;
  while (static_cast<int>(times.size()) < (tiny ? 1 : least) || (!tiny && total < seconds)) {
    prepare();
    const auto begin = Clock::now();
    call();
    times.push_back(std::chrono::duration<double>(Clock::now() - begin).count());
    total += times.back();
  }
  std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2), times.end());
  return times[times.size() / 2];
}

}  // namespace moelm
