// The first signal is a request, the second one an order, no thread that computes takes it, and afterwards everything
// is as before. Every case runs in a process of its own, which has no other thread.
#include "base/stop_signal.hpp"

#include <signal.h>

#include <string>
#include <thread>
#include <vector>

#include "support/catch.hpp"
#include "support/child_process.hpp"
#include "support/heeding.hpp"

using namespace moelm;

namespace {

template <class Condition>
void wait_until(const Condition& condition) {
  while (!condition()) ::usleep(1000);
}

[[noreturn]] void sleep_for_ever() {
  for (;;) ::pause();
}

bool blocks_all() {
  sigset_t mask;
  ::pthread_sigmask(SIG_BLOCK, nullptr, &mask);
  for (const int number : kStopSignals)
    if (sigismember(&mask, number) != 1) return false;
  return true;
}

/// Sends a signal and waits until it is taken: of two that wait the lower number comes first.
void send(pid_t process, int number) {
  ::kill(process, number);
  const std::string folder = "/proc/" + std::to_string(process);
  wait_until([&] { return signal_mask(folder, "ShdPnd") == 0; });
}

/// How a child ends that has a StopSignal and gets these signals, one after the other.
int code_after(const std::vector<int>& signals) {
  ChildProcess child([](const auto& report) {
    const StopSignal stop;
    report("ready");
    sleep_for_ever();
    return 0;
  });
  REQUIRE(child.line() == "ready");
  for (const int number : signals) send(child.pid(), number);
  return child.finish();
}

}  // namespace

TEST_CASE("a signal sent to one thread alone is seen when that thread asks", "[signals]") {
  ChildProcess child([](const auto& report) {
    const StopSignal stop;
    if (stop.requested()) return 1;
    ::raise(SIGTERM);
    report(std::to_string(stop.number()));
    ::raise(SIGTERM);
    return stop.number() == SIGTERM ? 0 : 2;
  });
  CHECK(child.line() == std::to_string(SIGTERM));
  CHECK(child.finish() == 128 + SIGTERM);
}

TEST_CASE("each of the six signals raises the flag", "[signals]") {
  for (const int number : kStopSignals) {
    ChildProcess child([&](const auto& report) {
      const StopSignal stop;
      if (stop.requested()) return 1;
      report("ready");
      wait_until([&] { return stop.requested(); });
      return stop.number();
    });
    REQUIRE(child.line() == "ready");
    REQUIRE(child.finish(number) == number);
  }
}

TEST_CASE("threads that are made afterwards block the signals, and none has a handler", "[signals]") {
  ChildProcess child([](const auto&) {
    const StopSignal stop;
    bool blocked = false;
    std::thread([&] { blocked = blocks_all(); }).join();
    for (const int number : kStopSignals) {
      struct sigaction action {};
      ::sigaction(number, nullptr, &action);
      if (action.sa_handler != SIG_DFL) return 1;
    }
    return blocked && blocks_all() ? 0 : 2;
  });
  REQUIRE(child.finish() == 0);
}

TEST_CASE("a second request exits at once with 128 + its number", "[signals]") {
  REQUIRE(code_after({SIGUSR1, SIGTERM}) == 128 + SIGTERM);
  REQUIRE(code_after({SIGTERM, SIGINT}) == 128 + SIGINT);
}

TEST_CASE("warnings of the system come again and along with requests, and end nothing", "[signals]") {
  REQUIRE(code_after({SIGHUP, SIGXCPU, SIGUSR2, SIGXCPU, SIGTERM, SIGHUP, SIGINT}) == 128 + SIGINT);
}

TEST_CASE("what was ignored before, as SIGHUP under nohup, stays so; SIGINT of a background job asks", "[signals]") {
  ChildProcess child([](const auto& report) {
    for (const int number : {SIGHUP, SIGINT}) ::signal(number, SIG_IGN);
    const StopSignal stop;
    ::kill(::getpid(), SIGHUP);
    report("ready");
    wait_until([&] { return stop.requested(); });
    return stop.number();
  });
  REQUIRE(child.line() == "ready");
  REQUIRE(child.finish(SIGINT) == SIGINT);
}

TEST_CASE("that of the process outlives whoever asked for it: a late signal changes nothing about the end",
          "[signals]") {
  ChildProcess child([](const auto& report) {
    const auto work = [] { return StopSignal::of_process().number(); };
    work();
    report("done");
    while (work() == 0) ::usleep(1000);
    return 0;
  });
  REQUIRE(child.line() == "done");
  REQUIRE(child.finish(SIGTERM) == 0);
}

TEST_CASE("without a StopSignal a signal ends the process as usual", "[signals]") {
  for (const int number : {SIGTERM, SIGHUP}) {
    ChildProcess child([](const auto& report) {
      { const StopSignal stop; }
      report("ready");
      sleep_for_ever();
      return 0;
    });
    REQUIRE(child.line() == "ready");
    REQUIRE(child.finish(number) == 128 + number);
  }
}

TEST_CASE("while there is nothing to save, the first signal ends the process with 75", "[signals]") {
  for (const int number : kStopSignals) {
    ChildProcess child([](const auto& report) {
      StopSignal stop(StopSignal::First::immediate);
      report("ready");
      sleep_for_ever();
      return 0;
    });
    REQUIRE(child.line() == "ready");
    REQUIRE(child.finish(number) == 75);
  }
  ChildProcess child([](const auto& report) {
    StopSignal stop(StopSignal::First::immediate);
    stop.defer();
    report("ready");
    wait_until([&] { return stop.requested(); });
    return 0;
  });
  REQUIRE(child.line() == "ready");
  REQUIRE(child.finish(SIGTERM) == 0);
}
