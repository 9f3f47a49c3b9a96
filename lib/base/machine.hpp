// Threads and memory that this process may use, each with the name of the limit behind it.
#pragma once

#include <string>

#include "base/index.hpp"

namespace moelm {

/// A number of threads and where it comes from ("OMP_NUM_THREADS", "4 physical cores", ...).
struct ThreadChoice {
  int threads = 1;
  std::string source;
};

/// A number of bytes and where it comes from ("MemAvailable", "cgroup limit", "RLIMIT_AS").
struct MemoryLimit {
  Index bytes = 0;
  std::string source;
};

/// OMP_NUM_THREADS, else SLURM_CPUS_PER_TASK, else the physical cores of the affinity mask within the cgroup's quota.
/// Values that are not positive numbers do not count. `root` stands before /proc and /sys (for tests).
ThreadChoice default_threads(const std::string& root = "");

/// The smallest of the cgroup's limit (version 1 or 2, ancestors included), RLIMIT_AS and MemAvailable. Of processes
/// that share the machine each has its part, but for RLIMIT_AS, which each has of its own.
MemoryLimit memory_limit(const std::string& root = "", int processes = 1);

}  // namespace moelm
