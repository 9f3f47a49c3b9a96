// The folder of a run while one process writes it. If training does not begin, it is left as it was found.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "checkpoint/guarded_files.hpp"
#include "checkpoint/run_lock.hpp"

namespace moelm {

/// Creates the folder if it is missing, and holds its lock. If there was no run and keep() is not called, the
/// destructor removes what the start of the run created (configuration, vocabulary, empty log, folders) while it holds
/// the lock. What existed before stays. Everything stays once there is a checkpoint or the lock is lost.
class RunClaim {
 public:
  /// Throws the errors of RunLock::acquire.
  RunClaim(const std::string& run, RunLock::Foreign foreign, FileSystem& fs);
  ~RunClaim();
  RunClaim(const RunClaim&) = delete;
  RunClaim& operator=(const RunClaim&) = delete;

  /// Whether there was no run.
  bool begins() const { return begins_; }
  void keep() { kept_ = true; }

  RunLock& lock() { return *lock_; }
  /// Every change of the run's folder has to go through these files.
  FileSystem& files() { return *files_; }

 private:
  void undo();
  void remove_folders();

  std::string run_;
  FileSystem* fs_;
  std::vector<std::string> created_folders_, absent_;
  bool had_lock_ = false, begins_ = false, kept_ = false;
  std::optional<RunLock> lock_;
  std::optional<GuardedFiles> files_;
};

}  // namespace moelm
