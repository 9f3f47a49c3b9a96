// Requests to stop: SIGTERM, SIGINT and SIGUSR1 raise a flag that loops look at; a second one ends the process.
#pragma once

namespace moelm {

/// While one exists, the first of the three signals only sets the flag and the second exits at once with 128 + number,
/// which the files on disk survive at any moment. A file that reaches the size limit is an error of its write instead
/// of a fatal signal. At most one exists at a time.
class StopSignal {
 public:
  /// What the first signal does: ask, or end the process at once with 75 (for as long as there is nothing to save).
  enum class First { asks, ends };

  explicit StopSignal(First first = First::asks);
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
};

}  // namespace moelm
