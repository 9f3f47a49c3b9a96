// Requests to stop. One thread waits for the signals and all others block them: a handler must never run on the stack
// of a computing thread, because matrix products of oneDNN 2.6 keep data below their stack pointer.
#pragma once

#include <memory>

namespace moelm {

/// While one exists, the first signal only sets a flag that loops check. A second SIGTERM, SIGINT or SIGUSR1 ends the
/// process at once with exit code 128 + number. This never damages files on disk. SIGHUP, SIGXCPU and SIGUSR2 set the
/// flag too, unless they were ignored before, as under nohup. Systems send these repeatedly and along with others, so
/// they never end the process at once and do not count as the first of two signals. Create it before any other thread,
/// so that all threads inherit the blocked signals. At most one may exist. Error(out_of_memory) if no thread can be
/// made.
class StopSignal {
 public:
  /// What the first signal does: set the flag, or end the process at once with exit code 75. The latter is right as
  /// long as there is nothing to save.
  enum class First { deferred, immediate };

  explicit StopSignal(First first = First::deferred);
  /// Restores the signal handling from before.
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  /// The process-wide instance. It is never destroyed, so a late signal cannot turn a finished program into a failed
  /// one.
  static StopSignal& of_process(First first = First::deferred);

  /// From now on the first signal only sets the flag.
  void defer();
  /// Whether a signal has arrived. Thread-safe.
  bool requested() const { return number() != 0; }
  /// The signal that arrived first; 0: none.
  int number() const;

 private:
  class Waiter;
  std::unique_ptr<Waiter> waiter_;
};

}  // namespace moelm
