// One writer per run directory: a lock that ends with its process.
#pragma once

#include <string>

#include "io/file.hpp"

namespace moelm {

/// Holds RUN/.lock with flock(2). If the file system has no locks, it holds the file RUN/.lock.held, which is created
/// exclusively and removed at the end; host, boot and process in it show whether it is left over. The lock is held
/// until the object is destroyed. Not thread-safe.
class RunLock {
 public:
  enum class Foreign { refuse, break_lock };

  /// Locks an existing directory without waiting. Error(cannot_create) with process and host of the holder. `foreign`:
  /// what to do with a .lock.held whose process runs on another host or in another container and cannot be examined.
  static RunLock acquire(const std::string& run, Foreign foreign = Foreign::refuse,
                         FileSystem& fs = real_file_system());
  ~RunLock();
  RunLock(RunLock&& other) noexcept;
  RunLock& operator=(RunLock&&) = delete;

  /// Whether the locked path still leads to the held folder and lock. Ask before every write. False once the folder was
  /// renamed or another process holds a lock there. A lock file that was merely removed is created again, unless
  /// another process was faster.
  bool is_held();
  /// Error(cannot_create) unless the lock is held.
  void require_held();
  /// Removes the lock file while the lock is held, to leave the folder as it was found.
  void remove_lock_file();

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
