// Requests to stop. A thread of its own waits for the signals, and all others block them: a handler must never run on
// the stack of a thread that computes, for matrix products of oneDNN 2.6 keep other things below their stack pointer.
#pragma once

#include <memory>

namespace moelm {

/// While one exists, the first signal only raises a flag that loops look at. A second SIGTERM, SIGINT or SIGUSR1 ends
/// the process at once with 128 + number, which the files on disk survive at any moment. SIGHUP, SIGXCPU and SIGUSR2
/// ask as well, unless they were ignored before, as under nohup; but systems send them along with others and again, so
/// they never end the process at once and do not make the next signal the second. Make it before any other thread, so
/// that all inherit the blocked signals; at most one at a time. Error(out_of_memory) where the system gives no thread.
class StopSignal {
 public:
  /// What the first signal does: ask, or end the process at once with 75 (for as long as there is nothing to save).
  enum class First { asks, ends };

  explicit StopSignal(First first = First::asks);
  /// Everything is as before, but for signals that arrived.
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  /// The one of a program, which no scope ends: a signal that comes when the work is done and its result is said, while
  /// memory is given back, must not end the process as if it had failed.
  static StopSignal& of_process(First first = First::asks);

  /// From now on the first signal asks.
  void ask();
  /// Whether a signal has arrived. Any thread may ask.
  bool requested() const { return number() != 0; }
  /// The signal that arrived first, 0 for none.
  int number() const;

 private:
  class Waiter;
  std::unique_ptr<Waiter> waiter_;
};

}  // namespace moelm
