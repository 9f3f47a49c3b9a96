// Elapsed time that never runs backwards.
#pragma once

#include <algorithm>
#include <chrono>

namespace moelm {

/// Measures from its construction on. Copies go on from where the original stood. One thread at a time.
class Stopwatch {
 public:
  /// Seconds so far, never fewer than before. The monotonic clock of some virtual machines goes back: that step counts
  /// as zero, and time goes on from there.
  double seconds() { return advance(Clock::now()); }

  using Clock = std::chrono::steady_clock;
  /// The same with the clock's reading given, as a test does.
  double advance(Clock::time_point now) {
    total_ += std::max(Clock::duration::zero(), now - last_);
    last_ = now;
    return std::chrono::duration<double>(total_).count();
  }
  explicit Stopwatch(Clock::time_point begin = Clock::now()) : last_(begin) {}

 private:
  Clock::time_point last_;
  Clock::duration total_{};
};

}  // namespace moelm
