#include "base/threads.hpp"

#include <limits.h>
#include <omp.h>
#include <pthread.h>

#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "base/error.hpp"

namespace moelm {

namespace {

constexpr const char* kHint = "raise the limit of processes (ulimit -u, pids.max) or of memory, or use fewer --threads";

/// Variables that set the stack of OpenMP's threads, in kilobytes unless a letter follows.
constexpr const char* kStackVariables[] = {"OMP_STACKSIZE", "GOMP_STACKSIZE", "KMP_STACKSIZE"};

std::optional<std::size_t> stack_size(const char* text) {
  char* end = nullptr;
  const unsigned long long number = std::strtoull(text, &end, 10);
  if (end == text) return std::nullopt;
  while (*end == ' ') ++end;
  int shift = 10;
  if (*end == 'B' || *end == 'b') shift = 0;
  if (*end == 'M' || *end == 'm') shift = 20;
  if (*end == 'G' || *end == 'g') shift = 30;
  if (number > (~std::size_t{0} >> shift)) return ~std::size_t{0};
  return static_cast<std::size_t>(number) << shift;
}

/// Threads that all exist until they are let go.
class ThreadProbe {
 public:
  ThreadProbe() {
    ::pthread_attr_init(&attributes_);
    for (const char* name : kStackVariables) {
      const char* const text = std::getenv(name);
      const auto size = text == nullptr ? std::nullopt : stack_size(text);
      if (!size || ::pthread_attr_setstacksize(&attributes_, *size) != 0) continue;
      stack_variable_ = name;
      break;
    }
  }
  ~ThreadProbe() {
    {
      const std::lock_guard lock(mutex_);
      over_ = true;
    }
    changed_.notify_all();
    for (const pthread_t thread : threads_) ::pthread_join(thread, nullptr);
    ::pthread_attr_destroy(&attributes_);
  }
  ThreadProbe(const ThreadProbe&) = delete;
  ThreadProbe& operator=(const ThreadProbe&) = delete;

  /// 0, or why there is no further thread.
  int add() {
    pthread_t thread{};
    const int error = ::pthread_create(&thread, &attributes_, wait, this);
    if (error == 0) threads_.push_back(thread);
    return error;
  }
  int count() const { return static_cast<int>(threads_.size()); }
  /// "" or the variable that sets the size of stacks.
  const std::string& stack_variable() const { return stack_variable_; }

 private:
  static void* wait(void* probe) {
    auto& self = *static_cast<ThreadProbe*>(probe);
    std::unique_lock lock(self.mutex_);
    self.changed_.wait(lock, [&] { return self.over_; });
    return nullptr;
  }

  pthread_attr_t attributes_{};
  std::string stack_variable_;
  std::vector<pthread_t> threads_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool over_ = false;
};

}  // namespace

std::thread start_thread(std::string_view purpose, std::function<void()> body) {
  try {
    return std::thread(std::move(body));
  } catch (const std::system_error& error) {
    throw Error(Exit::out_of_memory, "threads: expected one for " + std::string(purpose) +
                                         ", found none: " + error.code().message() + "; " + kHint);
  }
}

void require_threads(int count) {
  ThreadProbe probe;
  while (probe.count() < count) {
    const int error = probe.add();
    if (error == 0) continue;
    const std::string stack = probe.stack_variable().empty() ? "" : ", a smaller " + probe.stack_variable();
    throw Error(Exit::out_of_memory, "threads: expected " + std::to_string(count) +
                                         " more, found that the system gives " + std::to_string(probe.count()) + ": " +
                                         std::generic_category().message(error) + "; " + kHint + stack);
  }
}

void make_team(int threads) {
  thread_local int made = 1;  // OpenMP keeps a team for each thread that asks for one
  if (threads <= made) return;
  require_threads(threads - 1);
#pragma omp parallel num_threads(threads)
  {}
  made = threads;
}

}  // namespace moelm
