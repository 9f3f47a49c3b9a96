// A run's folder in the hands of the one process that writes it, as it was found unless training really begins.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "checkpoint/guarded_files.hpp"
#include "checkpoint/run_lock.hpp"

namespace moelm {

/// Makes the folder where it is missing and holds its lock. If no run was there and keep() is not called, what the
/// start of one left is removed again while the lock is still held: configuration, vocabulary, empty log, folders. What
/// was there before stays, and so does everything once there is a checkpoint or the lock is lost.
class RunClaim {
 public:
  /// Errors as of RunLock::acquire.
  RunClaim(const std::string& run, RunLock::Foreign foreign, FileSystem& fs);
  ~RunClaim();
  RunClaim(const RunClaim&) = delete;
  RunClaim& operator=(const RunClaim&) = delete;

  /// Whether no run was there.
  bool begins() const { return begins_; }
  void keep() { kept_ = true; }

  RunLock& lock() { return *lock_; }
  /// All that changes the run's folder goes through these.
  FileSystem& files() { return *files_; }

 private:
  void undo();
  void remove_folders();

  std::string run_;
  FileSystem* fs_;
  std::vector<std::string> made_folders_, absent_;
  bool had_lock_ = false, begins_ = false, kept_ = false;
  std::optional<RunLock> lock_;
  std::optional<GuardedFiles> files_;
};

}  // namespace moelm
