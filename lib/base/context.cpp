#include "base/context.hpp"

#include <omp.h>

#include <algorithm>
#include <array>
#include <exception>
#include <mutex>

#include "base/check.hpp"
#include "base/memory.hpp"
#include "base/threads.hpp"

namespace moelm {

namespace {

constexpr auto kSlots = static_cast<std::size_t>(ScratchSlot::count);

}  // namespace

struct Context::Worker {
  struct Slot {
    Block data;
    Index size = 0;
  };
  std::array<Slot, kSlots> slots;
};

Context::Context(int threads, DataType products) : threads_(threads), products_(products) {
  ensure(threads >= 1, "a context needs a thread");
  make_team(threads);
  for (int i = 0; i < threads; ++i) workers_.push_back(std::make_unique<Worker>());
}

Context::~Context() = default;

int Context::worker() const { return omp_get_thread_num(); }

bool Context::serial() const { return threads_ == 1 || omp_in_parallel(); }

void Context::parallel_for(Index count, const std::function<void(Index)>& task) {
  if (count == 1 || serial()) {
    for (Index i = 0; i < count; ++i) task(i);
    return;
  }
  std::exception_ptr failure;
  std::mutex failure_mutex;
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads_)
  for (Index i = 0; i < count; ++i) {
    try {
      task(i);
    } catch (...) {
      const std::lock_guard<std::mutex> lock(failure_mutex);
      if (!failure) failure = std::current_exception();
    }
  }
  if (failure) std::rethrow_exception(failure);
}

void Context::parallel_ranges(Index count, Index grain, const std::function<void(Index, Index)>& task) {
  parallel_for((count + grain - 1) / grain, [&](Index i) { task(i * grain, std::min(count, (i + 1) * grain)); });
}

std::span<float> Context::scratch(ScratchSlot slot, Index count) {
  Worker::Slot& s = workers_[static_cast<std::size_t>(worker())]->slots[static_cast<std::size_t>(slot)];
  if (s.size < count) {
    s.data.reset();
    s.data = allocate_block(static_cast<std::size_t>(count) * sizeof(float));
    s.size = count;
  }
  return {reinterpret_cast<float*>(s.data.get()), static_cast<std::size_t>(count)};
}

}  // namespace moelm
