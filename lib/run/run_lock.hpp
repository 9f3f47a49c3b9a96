// One writer per run directory: a lock that vanishes with its process, however that ends.
#pragma once

#include <string>

#include "io/file.hpp"

namespace moelm {

/// Holds RUN/.lock. flock(2) where the file system has it; elsewhere the file RUN/.lock.held, created exclusively and
/// removed at the end, whose holder's host, boot and process tell whether it is left over. Movable; held until
/// destroyed.
class RunLock {
 public:
  enum class Foreign { refuse, break_lock };

  /// Takes the lock of an existing directory at once or throws Exit::cannot_create (73) naming the holder's process and
  /// host. `foreign`: what to do with a .lock.held of another host, whose process cannot be examined from here.
  static RunLock acquire(const std::string& run, Foreign foreign = Foreign::refuse,
                         FileSystem& fs = real_file_system());
  ~RunLock();
  RunLock(RunLock&& other) noexcept;
  RunLock& operator=(RunLock&&) = delete;

 private:
  RunLock(File file, std::string held, FileSystem& fs) : file_(std::move(file)), held_(std::move(held)), fs_(&fs) {}

  File file_;
  std::string held_;  // path of the exclusive file, "" with flock
  FileSystem* fs_;
};

}  // namespace moelm
