// Text that cannot be read for a moment (a share that is away, a disk that hiccups) is read again before it ends a run.
#pragma once

#include <functional>

#include "base/error.hpp"

namespace moelm {

/// How long and with whom; either function may do nothing.
struct ReadRetry {
  double seconds = 60;                             ///< of trying again; 0: not at all. Damage is given two of them
  std::function<void(const Error& error)> failed;  ///< told of the first failure, before it is tried again
  std::function<void(double seconds)> recovered;   ///< told once reading succeeds after all, and how long that took
  std::function<bool()> give_up;                   ///< asked while waiting
};

/// Calls `read` until it succeeds: true. Where reading fails it is tried again twice a second; after the time its Error
/// is thrown. False where `give_up` answered true. Errors that no file caused are thrown at once.
bool read_patiently(const ReadRetry& retry, const std::function<void()>& read);

}  // namespace moelm
