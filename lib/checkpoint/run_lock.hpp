// One writer per run directory: a lock that vanishes with its process, however that ends.
#pragma once

#include <string>

#include "io/file.hpp"

namespace moelm {

/// Holds RUN/.lock. flock(2) where the file system has it; elsewhere the file RUN/.lock.held, created exclusively and
/// removed at the end, whose holder's host, boot and process tell whether it is left over. Movable; held until
/// destroyed. One thread at a time.
class RunLock {
 public:
  enum class Foreign { refuse, break_lock };

  /// Takes the lock of an existing directory at once or throws Exit::cannot_create (73) naming the holder's process and
  /// host. `foreign`: what to do with a .lock.held whose process cannot be examined from here: one of another host or
  /// of another container.
  static RunLock acquire(const std::string& run, Foreign foreign = Foreign::refuse,
                         FileSystem& fs = real_file_system());
  ~RunLock();
  RunLock(RunLock&& other) noexcept;
  RunLock& operator=(RunLock&&) = delete;

  /// Whether the path that was locked still leads to the folder and the lock that are held; to be asked before every
  /// write. False once the folder was renamed or another process holds a lock there. A lock file that was only removed
  /// is made again, unless another process was faster.
  bool is_held();
  /// Error(cannot_create) unless it is held.
  void require_held();
  /// Removes the lock's file while the lock is held: for a folder that is to be left as it was found.
  void remove_file_of_lock();

 private:
  RunLock(const std::string& run, FileSystem& fs);
  void take(Foreign foreign);
  bool lock(const File& file) const;
  void take_exclusive_file(Foreign foreign);
  bool make_again();

  std::string run_, path_;
  std::string held_;  // path of the exclusive file, "" with flock
  FileSystem* fs_;
  File folder_, file_, exclusive_;
};

}  // namespace moelm
