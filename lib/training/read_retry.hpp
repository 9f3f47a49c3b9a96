// Retries reading a text, so that a short outage (a network share, a disk) does not end a run.
#pragma once

#include <functional>

#include "base/error.hpp"

namespace moelm {

/// How reading is retried. Every function may be missing.
struct ReadRetry {
  double seconds = 60;                             ///< how long; 0: no retry. Damage is retried for 2 seconds only
  std::function<void(const Error& error)> failed;  ///< called at the first failure
  std::function<void(double seconds)> recovered;   ///< called once reading succeeds again, with the time it took
  std::function<bool()> give_up;                   ///< asked while waiting
};

/// Calls `read` until it succeeds, twice per second, and returns true. Returns false if `give_up` returns true. After
/// the time its last Error is thrown. Errors that no file caused are thrown at once.
bool read_patiently(const ReadRetry& retry, const std::function<void()>& read);

}  // namespace moelm
