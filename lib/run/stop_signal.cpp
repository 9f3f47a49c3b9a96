#include "run/stop_signal.hpp"

#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>

#include "base/check.hpp"
#include "base/error.hpp"

namespace moelm {

namespace {

// The globals of the project: a signal handler has no other way to speak to the program.
std::atomic<int> arrived = 0;
std::atomic<int> first_ends = 0;
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler may touch it");

constexpr std::array kStopping = {SIGTERM, SIGINT, SIGUSR1};
std::array<struct sigaction, kStopping.size() + 1> before{};
bool installed = false;

extern "C" void moelm_on_stop_signal(int number) {
  if (first_ends != 0) ::_exit(static_cast<int>(moelm::Exit::stopped));
  int none = 0;
  if (!arrived.compare_exchange_strong(none, number)) ::_exit(128 + number);
}

void set_action(int number, void (*handler)(int), struct sigaction* old) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  ::sigaction(number, &action, old);
}

}  // namespace

StopSignal::StopSignal(First first) {
  ensure(!installed, "one StopSignal at a time");
  installed = true;
  arrived = 0;
  first_ends = first == First::ends ? 1 : 0;
  for (std::size_t i = 0; i < kStopping.size(); ++i) set_action(kStopping[i], moelm_on_stop_signal, &before[i]);
  set_action(SIGXFSZ, SIG_IGN, &before.back());
}

StopSignal::~StopSignal() {
  for (std::size_t i = 0; i < kStopping.size(); ++i) ::sigaction(kStopping[i], &before[i], nullptr);
  ::sigaction(SIGXFSZ, &before.back(), nullptr);
  installed = false;
}

StopSignal& StopSignal::of_process(First first) {
  static StopSignal* const signal = new StopSignal(first);  // never destroyed
  return *signal;
}

void StopSignal::ask() { first_ends = 0; }

int StopSignal::number() const { return arrived; }

}  // namespace moelm
