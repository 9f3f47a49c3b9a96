// Ends a rank whose others do not answer: an MPI library would wait for ever.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "dist/communicator.hpp"

namespace moelm {

/// A thread that looks twice a second how long the rank has waited. After the patience it prints one line with rank,
/// machine, step, phase and the ranks not yet heard from, and ends the process with exit code 75: what was saved is
/// whole, and starting again goes on from there. The launcher then ends the other ranks.
class Watchdog {
 public:
  /// `say` gets the line, without its end. The thread calls `look` each time, if there is one.
  Watchdog(std::string name, std::function<void(const std::string&)> say, std::function<void()> look = {});
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  void set_name(std::string name);
  /// Seconds. For the next order, which may come after a long save or a slow file, it is ten times as long.
  void set_patience(double seconds);
  /// From now on the leader gives signs of life: one that gives none within the patience gives no order either.
  void expect_signs_of_life();
  void note_sign_of_life();
  void note_step(std::int64_t step);
  /// The ranks of the messages of the present wait, -1 for those that came.
  void note_peers(const std::vector<int>& peers);

  /// A wait lasts as long as this exists.
  class Wait {
   public:
    Wait(Watchdog& dog, Phase phase);
    ~Wait();
    Wait(const Wait&) = delete;
    Wait& operator=(const Wait&) = delete;

   private:
    Watchdog& dog_;
  };

 private:
  void watch();
  /// Ends the process if the wait was too long.
  void judge(double now) const;
  [[noreturn]] void end_process(double waited, const char* expected) const;

  std::string name_;
  std::function<void(const std::string&)> say_;
  std::function<void()> look_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stop_ = false, waiting_ = false, signs_of_life_ = false;
  Phase phase_ = Phase::start;
  double patience_ = 60, since_ = 0, heard_ = 0;
  std::int64_t step_ = 0;
  std::vector<int> peers_;
  std::thread thread_;
};

}  // namespace moelm
