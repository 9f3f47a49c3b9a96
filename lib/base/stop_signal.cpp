#include "base/stop_signal.hpp"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <thread>

#include "base/error.hpp"
#include "base/threads.hpp"

namespace moelm {

namespace {

constexpr std::array kRequests = {SIGTERM, SIGINT, SIGUSR1};
constexpr std::array kWarnings = {SIGHUP, SIGXCPU, SIGUSR2};

bool is_request(int number) {
  for (const int request : kRequests)
    if (number == request) return true;
  return false;
}

bool is_ignored(int number) {
  struct sigaction action {};
  ::sigaction(number, nullptr, &action);
  return (action.sa_flags & SA_SIGINFO) == 0 && action.sa_handler == SIG_IGN;
}

}  // namespace

/// Blocks signals in the calling thread and in all that it starts; their action is the default one, for a signal that
/// is ignored need not become pending.
class BlockedSignals {
 public:
  BlockedSignals() {
    sigemptyset(&set_);
    for (const int number : kRequests) add(number);
    for (const int number : kWarnings)
      if (!is_ignored(number)) add(number);
    ::pthread_sigmask(SIG_BLOCK, &set_, &mask_before_);
  }
  ~BlockedSignals() {
    for (std::size_t i = 0; i < count_; ++i) ::sigaction(numbers_[i], &actions_before_[i], nullptr);
    ::pthread_sigmask(SIG_SETMASK, &mask_before_, nullptr);
  }
  BlockedSignals(const BlockedSignals&) = delete;
  BlockedSignals& operator=(const BlockedSignals&) = delete;

  /// A signal that is pending for the calling thread, or 0. The waiting thread does not see signals that raise() or a
  /// debugger sends to another thread.
  int pending() const {
    const struct timespec at_once {};
    return std::max(0, ::sigtimedwait(&set_, nullptr, &at_once));
  }

  /// Waits for the next signal that is sent to the process.
  int wait() const {
    int number = 0;
    while (::sigwait(&set_, &number) != 0) continue;
    return number;
  }

 private:
  void add(int number) {
    struct sigaction action {};
    action.sa_handler = SIG_DFL;
    sigemptyset(&action.sa_mask);
    ::sigaction(number, &action, &actions_before_[count_]);
    numbers_[count_++] = number;
    sigaddset(&set_, number);
  }

  sigset_t set_{}, mask_before_{};
  std::array<int, kRequests.size() + kWarnings.size()> numbers_{};
  std::array<struct sigaction, kRequests.size() + kWarnings.size()> actions_before_{};
  std::size_t count_ = 0;
};

class StopSignal::Waiter {
 public:
  explicit Waiter(First first) : immediate_(first == First::immediate) {
    thread_ = start_thread("waiting for signals", [this] { wait(); });
  }
  ~Waiter() {
    ending_ = true;
    ::pthread_kill(thread_.native_handle(), SIGTERM);  // wakes it, nothing else
    thread_.join();
  }
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;

  void defer() { immediate_ = false; }
  int number() {
    if (const int number = signals_.pending(); number > 0) take(number);
    return arrived_;
  }

 private:
  void wait() {
    for (;;) {
      const int number = signals_.wait();
      if (ending_) return;
      take(number);
    }
  }

  void take(int number) {
    if (immediate_) ::_exit(static_cast<int>(Exit::stopped));
    if (is_request(number) && ++requests_ > 1) ::_exit(128 + number);
    int none = 0;
    arrived_.compare_exchange_strong(none, number);
  }

  BlockedSignals signals_;
  std::atomic<int> arrived_ = 0;
  std::atomic<bool> immediate_, ending_ = false;
  std::atomic<int> requests_ = 0;
  std::thread thread_;
};

StopSignal::StopSignal(First first) : waiter_(std::make_unique<Waiter>(first)) {}

StopSignal::~StopSignal() = default;

StopSignal& StopSignal::of_process(First first) {
  static StopSignal* const signal = new StopSignal(first);  // never destroyed
  return *signal;
}

void StopSignal::defer() { waiter_->defer(); }

int StopSignal::number() const { return waiter_->number(); }

}  // namespace moelm
