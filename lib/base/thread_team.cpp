#include "base/thread_team.hpp"

#include <string>

#include "base/check.hpp"
#include "base/stopwatch.hpp"
#include "base/threads.hpp"

namespace moelm {

namespace {

/// How long a thread looks for work before it sleeps: longer than the serial work between two products, shorter than
/// anyone else would notice.
constexpr double kLookSeconds = 50e-6;
/// Looks between two readings of the clock.
constexpr int kLooks = 64;

thread_local int this_member = 0;
thread_local bool doing_task = false;

/// Tells the processor that the loop only waits.
void pause_core() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// Returns once `value` differs from `old`: looks for a moment, then sleeps.
template <class T>
T wait_for_change(const std::atomic<T>& value, T old) {
  Stopwatch watch;
  do {
    for (int i = 0; i < kLooks; ++i) {
      const T now = value.load();
      if (now != old) return now;
      pause_core();
    }
  } while (watch.seconds() < kLookSeconds);
  value.wait(old);
  return value.load();
}

}  // namespace

ThreadTeam::ThreadTeam(int threads) {
  ensure(threads >= 1, "a team needs a thread");
  threads_.reserve(static_cast<std::size_t>(threads) - 1);
  try {
    for (int member = 1; member < threads; ++member)
      threads_.push_back(start_thread("worker " + std::to_string(member + 1) + " of " + std::to_string(threads),
                                      [this, member] { serve(member); }));
  } catch (...) {
    stop();
    throw;
  }
}

ThreadTeam::~ThreadTeam() { stop(); }

void ThreadTeam::stop() {
  over_ = true;
  round_ += 2;
  round_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

int ThreadTeam::member() { return this_member; }

bool ThreadTeam::in_task() { return doing_task; }

void ThreadTeam::run(Index count, const std::function<void(Index)>& task) {
  task_ = &task;
  count_ = count;
  next_ = 0;
  ++round_;
  round_.notify_all();
  do_tasks();
  ++round_;
  for (int helping = helping_.load(); helping != 0;) helping = wait_for_change(helping_, helping);
}

void ThreadTeam::serve(int member) {
  this_member = member;
  for (std::uint32_t seen = 0; !over_;) {
    seen = wait_for_change(round_, seen);
    if (seen % 2 == 0) continue;
    ++helping_;
    if (round_.load() == seen) do_tasks();
    if (--helping_ == 0) helping_.notify_one();
  }
}

void ThreadTeam::do_tasks() {
  doing_task = true;
  for (Index i = next_++; i < count_; i = next_++) (*task_)(i);
  doing_task = false;
}

}  // namespace moelm
