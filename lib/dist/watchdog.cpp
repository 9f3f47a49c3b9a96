#include "dist/watchdog.hpp"

#include <unistd.h>

#include <chrono>
#include <set>
#include <utility>

#include "base/error.hpp"

namespace moelm {

namespace {

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

}  // namespace

Watchdog::Watchdog(std::string name, std::function<void(const std::string&)> say, std::function<void()> look)
    : name_(std::move(name)), say_(std::move(say)), look_(std::move(look)), thread_([this] { watch(); }) {}

Watchdog::~Watchdog() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Watchdog::set_name(std::string name) {
  const std::lock_guard<std::mutex> lock(mutex_);
  name_ = std::move(name);
}

void Watchdog::set_patience(double seconds) {
  const std::lock_guard<std::mutex> lock(mutex_);
  patience_ = seconds;
}

void Watchdog::expect_signs_of_life() {
  const std::lock_guard<std::mutex> lock(mutex_);
  signs_of_life_ = true;
}

void Watchdog::note_sign_of_life() {
  const std::lock_guard<std::mutex> lock(mutex_);
  heard_ = now();
}

void Watchdog::note_step(std::int64_t step) {
  const std::lock_guard<std::mutex> lock(mutex_);
  step_ = step;
}

void Watchdog::note_peers(const std::vector<int>& peers) {
  const std::lock_guard<std::mutex> lock(mutex_);
  peers_ = peers;
}

Watchdog::Wait::Wait(Watchdog& dog, Phase phase) : dog_(dog) {
  const std::lock_guard<std::mutex> lock(dog.mutex_);
  dog.waiting_ = true;
  dog.phase_ = phase;
  dog.since_ = dog.heard_ = now();
  dog.peers_.clear();
}

Watchdog::Wait::~Wait() {
  const std::lock_guard<std::mutex> lock(dog_.mutex_);
  dog_.waiting_ = false;
}

void Watchdog::watch() {
  std::unique_lock<std::mutex> lock(mutex_);
  double looked = now();
  while (!stop_) {
    changed_.wait_for(lock, std::chrono::milliseconds(500));
    const double time = now();
    // A process that was itself stopped has not waited all that time.
    if (waiting_ && time - looked > 5) {
      since_ += time - looked;
      heard_ += time - looked;
    }
    looked = time;
    if (waiting_) judge(time);
    if (stop_ || !look_) continue;
    lock.unlock();
    look_();
    lock.lock();
  }
}

void Watchdog::judge(double now) const {
  const double waited = now - since_, silent = now - heard_;
  if (phase_ != Phase::order) {
    if (waited > patience_) end_process(waited, "an answer");
  } else if (waited > 10 * patience_) {
    end_process(waited, "an order");
  } else if (signs_of_life_ && silent > patience_) {
    end_process(silent, "a sign of life");
  }
}

void Watchdog::end_process(double waited, const char* expected) const {
  std::string line = name_ + ": expected " + expected + " within " + std::to_string(static_cast<int>(waited)) +
                     " s, found none: step " + std::to_string(step_) + ", phase \"" + std::string(phase_name(phase_)) +
                     "\"";
  std::set<int> silent(peers_.begin(), peers_.end());
  silent.erase(-1);
  if (!silent.empty()) line += ", no message of rank";
  for (const int peer : silent) line += " " + std::to_string(peer);
  say_(line + "; start again to go on from the last checkpoint");
  _exit(static_cast<int>(Exit::stopped));
}

}  // namespace moelm
