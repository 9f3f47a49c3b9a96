// How much memory an action takes at its peak, seen from outside: in a process of its own, as the kernel counts it.
#pragma once

#include <malloc.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>

#include "base/index.hpp"

#if defined(__SANITIZE_ADDRESS__)
#define MOELM_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MOELM_SANITIZED 1
#endif
#endif

namespace moelm {

/// Whether the kernel's numbers are of the program: a sanitizer keeps memory of its own. Says once what is skipped.
inline bool memory_is_ours() {
#ifdef MOELM_SANITIZED
  static const bool said = [] {
    std::cout << "skipped: bounds of memory, for a sanitizer keeps memory of its own\n";
    return true;
  }();
  return !said;
#else
  return true;
#endif
}

/// A line of /proc/self/status in bytes.
inline Index status_bytes(const std::string& key) {
  std::ifstream in("/proc/self/status");
  for (std::string line; std::getline(in, line);)
    if (line.rfind(key + ":", 0) == 0) return 1024 * std::stoll(line.substr(key.size() + 1));
  throw std::runtime_error("no " + key + " in /proc/self/status");
}

/// Bytes by which resident memory grows at most while `action` runs in a child of this process. Throws where the child
/// does not end by itself. What the action throws is its end.
template <class Action>
Index peak_growth(const Action& action) {
  int ends[2];
  if (::pipe(ends) != 0) throw std::runtime_error("pipe failed");
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error("fork failed");
  if (child == 0) {
#ifdef __GLIBC__
    ::malloc_trim(0);  // what earlier work has left behind would hide what this work takes
#endif
    std::ofstream("/proc/self/clear_refs") << "5";  // the peak counts from here
    const Index before = status_bytes("VmRSS");
    try {
      action();
    } catch (...) {
    }
    const Index growth = status_bytes("VmHWM") - before;
    const bool sent = ::write(ends[1], &growth, sizeof growth) == sizeof growth;
    ::_exit(sent ? 0 : 1);
  }
  ::close(ends[1]);
  Index growth = 0;
  const bool received = ::read(ends[0], &growth, sizeof growth) == sizeof growth;
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (!received || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
    throw std::runtime_error("the action ended its process");
  return growth;
}

}  // namespace moelm
