#include "base/context.hpp"

#include <algorithm>
#include <array>
#include <exception>
#include <mutex>

#include "base/memory.hpp"

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

Context::Context(int threads, DataType products) : products_(products), team_(threads) {
  for (int i = 0; i < threads; ++i) workers_.push_back(std::make_unique<Worker>());
}

Context::~Context() = default;

int Context::worker() const { return ThreadTeam::member(); }

bool Context::serial() const { return threads() == 1 || ThreadTeam::in_task(); }

void Context::parallel_for(Index count, const std::function<void(Index)>& task) {
  if (count == 1 || serial()) {
    for (Index i = 0; i < count; ++i) task(i);
    return;
  }
  std::exception_ptr failure;
  std::mutex failure_mutex;
  team_.run(count, [&](Index i) {
    try {
      task(i);
    } catch (...) {
      const std::lock_guard<std::mutex> lock(failure_mutex);
      if (!failure) failure = std::current_exception();
    }
  });
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
