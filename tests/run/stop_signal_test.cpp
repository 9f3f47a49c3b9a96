// The first signal is a request, the second one an order, and afterwards everything is as before.
#include "run/stop_signal.hpp"

#include <signal.h>

#include "support/catch.hpp"
#include "support/child_process.hpp"

using namespace moelm;

TEST_CASE("each of the three signals raises the flag") {
  for (const int number : {SIGTERM, SIGINT, SIGUSR1}) {
    const StopSignal stop;
    REQUIRE_FALSE(stop.requested());
    ::raise(number);
    REQUIRE(stop.requested());
    REQUIRE(stop.number() == number);
  }
}

TEST_CASE("a second signal exits at once with 128 + its number") {
  ChildProcess child([](const auto& report) {
    const StopSignal stop;
    report("ready");
    while (!stop.requested()) ::usleep(1000);
    report("first");
    for (;;) ::pause();
    return 0;
  });
  REQUIRE(child.line() == "ready");
  ::kill(child.pid(), SIGUSR1);
  REQUIRE(child.line() == "first");
  REQUIRE(child.finish(SIGTERM) == 128 + SIGTERM);
}

TEST_CASE("that of the process outlives whoever asked for it: a late signal changes nothing about the end") {
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

TEST_CASE("without a StopSignal a signal ends the process as usual") {
  ChildProcess child([](const auto& report) {
    { const StopSignal stop; }
    report("ready");
    for (;;) ::pause();
    return 0;
  });
  REQUIRE(child.line() == "ready");
  REQUIRE(child.finish(SIGTERM) == 128 + SIGTERM);
}

TEST_CASE("while there is nothing to save, the first signal ends the process with 75") {
  for (const int number : {SIGTERM, SIGINT, SIGUSR1}) {
    ChildProcess child([](const auto& report) {
      StopSignal stop(StopSignal::First::ends);
      report("ready");
      for (;;) ::pause();
      return 0;
    });
    REQUIRE(child.line() == "ready");
    REQUIRE(child.finish(number) == 75);
  }
  StopSignal stop(StopSignal::First::ends);
  stop.ask();
  ::raise(SIGTERM);
  REQUIRE(stop.requested());
}
