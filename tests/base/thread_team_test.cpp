// A team does each task of each round once, whether its threads look for work or sleep, and makes no thread in vain.
#include "base/thread_team.hpp"

#include <pthread.h>

#include <atomic>
#include <chrono>
#include <numeric>
#include <thread>
#include <vector>

#include "base/context.hpp"
#include "base/error.hpp"
#include "support/catch.hpp"
#include "support/child_process.hpp"
#include "support/error_of.hpp"

using namespace moelm;

TEST_CASE("a team does every task of every round once") {
  for (const int threads : {1, 2, 3, 8}) {
    ThreadTeam team(threads);
    REQUIRE(team.threads() == threads);
    for (Index round = 0; round < 2000; ++round) {
      const Index count = round % 23;
      std::vector<int> done(static_cast<std::size_t>(count), 0);  // plain numbers: run() orders what tasks wrote
      team.run(count, [&](Index i) { done[static_cast<std::size_t>(i)] += static_cast<int>(i) + 1; });
      REQUIRE(std::accumulate(done.begin(), done.end(), 0) == count * (count + 1) / 2);
    }
  }
}

TEST_CASE("a team that sleeps wakes up for the next round") {
  ThreadTeam team(3);
  for (int round = 0; round < 20; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    std::atomic<int> together = 0;
    // A task ends only when all three run at the same time, so no thread may sleep on.
    team.run(3, [&](Index) {
      ++together;
      while (together < 3) std::this_thread::yield();
    });
    REQUIRE(together == 3);
  }
}

TEST_CASE("the caller sleeps too while a helper works on") {
  ThreadTeam team(2);
  std::atomic<int> members = 0;
  team.run(2, [&](Index) {
    ++members;
    while (members < 2) std::this_thread::yield();
    if (ThreadTeam::member() == 1) std::this_thread::sleep_for(std::chrono::milliseconds(20));
    members += 10;
  });
  REQUIRE(members == 22);
  REQUIRE_FALSE(ThreadTeam::in_task());
}

TEST_CASE("work that is split inside a task stays on its thread") {
  Context outer(3), inner(3);
  std::atomic<int> strayed = 0;
  outer.parallel_for(50, [&](Index) {
    const auto here = std::this_thread::get_id();
    inner.parallel_for(5, [&](Index) { strayed += std::this_thread::get_id() == here ? 0 : 1; });
  });
  REQUIRE(strayed == 0);
}

TEST_CASE("threads that cannot be made are an error that says so") {
  ChildProcess child([](const auto&) {
    pthread_attr_t attributes;
    ::pthread_attr_init(&attributes);
    ::pthread_attr_setstacksize(&attributes, std::size_t{900'000} << 30);
    if (::pthread_setattr_default_np(&attributes) != 0) return 3;
    try {
      const ThreadTeam team(2);
    } catch (const Error& error) {
      return error.exit() == Exit::out_of_memory && holds(error.what(), "threads: expected one for worker 2 of 2") ? 0
                                                                                                                   : 1;
    }
    return 2;
  });
  CHECK(child.finish() == 0);
}
