#include "bench/measure.hpp"

#include <algorithm>
#include <chrono>

namespace moelm {

double median_seconds(const std::function<void()>& call, int least, double seconds) {
  using Clock = std::chrono::steady_clock;
  call();
  std::vector<double> times;
  double total = 0;
  while (static_cast<int>(times.size()) < least || total < seconds) {
    const auto begin = Clock::now();
    call();
    times.push_back(std::chrono::duration<double>(Clock::now() - begin).count());
    total += times.back();
  }
  std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2), times.end());
  return times[times.size() / 2];
}

}  // namespace moelm
