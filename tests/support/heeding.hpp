// What /proc tells of the signals of a program, and waiting until it heeds those that stop it.
#pragma once

#include <array>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "support/program.hpp"

namespace moelm {

/// All signals that ask for a stop.
inline constexpr std::array kStopSignals = {SIGTERM, SIGINT, SIGUSR1, SIGHUP, SIGXCPU, SIGUSR2};

inline constexpr unsigned long long stop_signal_mask() {
  unsigned long long mask = 0;
  for (const int number : kStopSignals) mask |= 1ull << (number - 1);
  return mask;
}

/// A mask of a thread's signals: "SigBlk" those that it blocks, "SigCgt" those that have a handler; 0 if it is gone.
inline unsigned long long signal_mask(const std::string& thread, const std::string& name) {
  std::ifstream status(thread + "/status");
  for (std::string line; std::getline(status, line);)
    if (line.rfind(name + ":", 0) == 0) return std::stoull(line.substr(name.size() + 1), nullptr, 16);
  return 0;
}

/// The folder of each thread of a program in /proc.
inline std::vector<std::string> threads_of(const Program& program) {
  std::vector<std::string> threads;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/" + std::to_string(program.pid()) + "/task"))
    threads.push_back(entry.path());
  return threads;
}

inline void sleep_for(double seconds) { std::this_thread::sleep_for(std::chrono::duration<double>(seconds)); }

/// Waits until a program heeds every signal that stops it: what happens while the system loads it is not its doing.
inline void wait_until_heeding(const Program& program) {
  constexpr unsigned long long kAll = stop_signal_mask();
  for (int i = 0; i < 20000; ++i) {
    if ((signal_mask("/proc/" + std::to_string(program.pid()), "SigBlk") & kAll) == kAll) return;
    sleep_for(0.0005);
  }
  throw std::runtime_error("the program never heeds signals");
}

}  // namespace moelm
