#include "training/read_retry.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

namespace moelm {

namespace {

constexpr double kDamageSeconds = 2;  // a wrong checksum hardly ever becomes right
constexpr int kTriesPerSecond = 2, kChecksPerTry = 10;

bool is_read_error(Exit exit) {
  return exit == Exit::io || exit == Exit::missing_input || exit == Exit::no_permission || exit == Exit::bad_data ||
         exit == Exit::out_of_memory;
}

int max_tries(const ReadRetry& retry, Exit exit) {
  const double seconds = exit == Exit::bad_data ? std::min(retry.seconds, kDamageSeconds) : retry.seconds;
  return static_cast<int>(seconds * kTriesPerSecond);
}

/// Waits half a second. Returns false if `give_up` ended the wait.
bool wait(const ReadRetry& retry) {
  for (int check = 0; check < kChecksPerTry; ++check) {
    if (retry.give_up && retry.give_up()) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1000 / kTriesPerSecond / kChecksPerTry));
  }
  return true;
}

}  // namespace

bool read_patiently(const ReadRetry& retry, const std::function<void()>& read) {
  // Tries are counted instead of time, so that it ends even if the clock stands still.
  for (int tries = 0;; ++tries) {
    try {
      read();
      if (tries > 0 && retry.recovered) retry.recovered(static_cast<double>(tries) / kTriesPerSecond);
      return true;
    } catch (const Error& error) {
      if (!is_read_error(error.exit())) throw;
      if (tries == 0 && retry.failed) retry.failed(error);
      if (tries >= max_tries(retry, error.exit())) throw;
    }
    if (!wait(retry)) return false;
  }
}

}  // namespace moelm
