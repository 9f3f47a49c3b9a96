// Messages on their way while the rank computes. Nothing travels unless the library of messages is called now and then,
// so a thread of its own does that.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "dist/communicator.hpp"
#include "dist/watchdog.hpp"

namespace moelm {

/// `Requests` posts messages under a tag and tells which are done:
///   void post(std::span<const Outgoing>, std::span<const Incoming>, int tag);
///   bool test();  // whether another one is done
///   bool all_done() const;
///   const std::vector<int>& peers() const;  // the ranks of the messages; -1: done
/// The thread that holds the mutex uses them. start() and wait() are called by one thread.
template <class Requests>
class TransferQueue {
 public:
  explicit TransferQueue(std::mutex& library) : library_(library), thread_([this] { run(); }) {}

  ~TransferQueue() {
    {
      const std::lock_guard<std::mutex> lock(library_);
      stop_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }

  /// Messages that were started, and those that follow them.
  struct Entry {
    Messages messages;
    std::function<Messages()> then;
    int number = 0;
    Requests requests;
    bool arrived = false;
  };

  /// As Communicator::start.
  std::shared_ptr<Entry> start(Messages messages, std::function<Messages()> then) {
    auto entry = std::make_shared<Entry>();
    entry->messages = std::move(messages);
    entry->then = std::move(then);
    const std::lock_guard<std::mutex> lock(library_);
    entry->number = next_++;
    entry->requests.post(entry->messages.sends, entry->messages.receives, tag_of(*entry));
    entries_.push_back(entry);
    changed_.notify_all();
    return entry;
  }

  /// Returns when all messages of the entry have arrived.
  void wait(const Entry& entry, Watchdog& watchdog) {
    std::unique_lock<std::mutex> lock(library_);
    if (entry.arrived) return;
    const Watchdog::Wait wait(watchdog, entry.messages.phase);
    awaited_ = true;
    changed_.notify_all();
    while (!entry.arrived) {
      watchdog.note_peers(entry.requests.peers());
      arrived_.wait_for(lock, std::chrono::milliseconds(500));
    }
    awaited_ = false;
  }

  /// From now on nothing is received, so memory may be freed.
  void give_up() {
    std::unique_lock<std::mutex> lock(library_);
    arrived_.wait(lock, [this] { return !computing_; });
    entries_.clear();
  }

 private:
  /// Exchanges have their phase as tag, transfers a number beside it, so that several of one phase may be on their way.
  static int tag_of(const Entry& entry) {
    constexpr int kPhases = 32, kNumbers = 1000;  // tags up to 32,767 exist everywhere
    static_assert(static_cast<int>(Phase::end) < kPhases);
    return static_cast<int>(entry.messages.phase) + kPhases * (1 + entry.number % kNumbers);
  }

  void run() {
    std::unique_lock<std::mutex> lock(library_);
    while (!stop_) {
      if (entries_.empty())
        changed_.wait(lock);
      else if (!advance(lock))
        changed_.wait_for(lock, std::chrono::microseconds(awaited_ ? 20 : 100));
    }
  }

  /// Returns whether anything arrived.
  bool advance(std::unique_lock<std::mutex>& lock) {
    bool moved = false;
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      const std::shared_ptr<Entry> entry = entries_[i];
      moved |= entry->requests.test();
      if (!entry->requests.all_done()) continue;
      if (entry->then) {
        // It may take long, and the other thread may want to send.
        computing_ = true;
        lock.unlock();
        Messages next = std::exchange(entry->then, nullptr)();
        lock.lock();
        computing_ = false;
        arrived_.notify_all();
        entry->messages = std::move(next);
        entry->requests.post(entry->messages.sends, entry->messages.receives, tag_of(*entry));
      }
      if (entry->requests.all_done()) {
        entry->arrived = true;
        entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(i));
        arrived_.notify_all();
      }
      return true;
    }
    return moved;
  }

  std::mutex& library_;
  std::condition_variable changed_, arrived_;
  std::vector<std::shared_ptr<Entry>> entries_;
  int next_ = 0;
  bool stop_ = false, awaited_ = false, computing_ = false;
  std::thread thread_;
};

}  // namespace moelm
