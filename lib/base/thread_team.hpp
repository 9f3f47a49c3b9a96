// A fixed team of threads that does the tasks of one piece of work after another. Between two pieces a thread looks
// for the next one for a moment and then sleeps, so that a team never takes time from other processes by waiting.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

#include "base/index.hpp"

namespace moelm {

/// The calling thread and `threads` - 1 others. Serves one caller at a time.
class ThreadTeam {
 public:
  /// Makes the threads. Error(out_of_memory) if the system refuses one. REQUIRES threads >= 1.
  explicit ThreadTeam(int threads);
  ~ThreadTeam();
  ThreadTeam(const ThreadTeam&) = delete;
  ThreadTeam& operator=(const ThreadTeam&) = delete;

  int threads() const { return static_cast<int>(threads_.size()) + 1; }

  /// Calls task(i) once for every i in [0, count), in any order; returns when all have ended. Threads that are late
  /// because the system is busy are not waited for. REQUIRES that tasks throw nothing.
  void run(Index count, const std::function<void(Index)>& task);

  /// Number of the calling thread in its team, 0 for the one that calls run(); 0 outside of any team.
  static int member();
  /// Whether the calling thread is doing a task of a team.
  static bool in_task();

 private:
  void serve(int member);
  void do_tasks();
  void stop();

  /// A round is odd while its work is open to helpers. The two fields below may be read only by a thread that has
  /// entered a round: one that counted itself in `helping_` and saw afterwards that the round is still open.
  std::atomic<std::uint32_t> round_{0};
  std::atomic<int> helping_{0};
  std::atomic<Index> next_{0};
  std::atomic<bool> over_{false};
  const std::function<void(Index)>* task_ = nullptr;
  Index count_ = 0;
  std::vector<std::thread> threads_;
};

}  // namespace moelm
