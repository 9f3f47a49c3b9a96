#include "training/read_retry.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

namespace moelm {

namespace {

constexpr double kDamageSeconds = 2;  // a checksum that differs for good would only make the user wait
constexpr int kTriesASecond = 2, kLooksATry = 10;

bool is_of_reading(Exit exit) {
  return exit == Exit::io || exit == Exit::missing_input || exit == Exit::no_permission || exit == Exit::bad_data ||
         exit == Exit::out_of_memory;
}

int most_tries(const ReadRetry& retry, Exit exit) {
  const double seconds = exit == Exit::bad_data ? std::min(retry.seconds, kDamageSeconds) : retry.seconds;
  return static_cast<int>(seconds * kTriesASecond);
}

/// Half a second; false where it was cut short.
bool wait(const ReadRetry& retry) {
  for (int look = 0; look < kLooksATry; ++look) {
    if (retry.give_up && retry.give_up()) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1000 / kTriesASecond / kLooksATry));
  }
  return true;
}

}  // namespace

bool read_patiently(const ReadRetry& retry, const std::function<void()>& read) {
  // Counted in tries, so that a clock that stands still does not make it endless.
  for (int tries = 0;; ++tries) {
    try {
      read();
      if (tries > 0 && retry.recovered) retry.recovered(static_cast<double>(tries) / kTriesASecond);
      return true;
    } catch (const Error& error) {
      if (!is_of_reading(error.exit())) throw;
      if (tries == 0 && retry.failed) retry.failed(error);
      if (tries >= most_tries(retry, error.exit())) throw;
    }
    if (!wait(retry)) return false;
  }
}

}  // namespace moelm
