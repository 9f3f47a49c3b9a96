// The file system of a run for its one writer: without the lock, no path of it can be changed.
#pragma once

#include "checkpoint/run_lock.hpp"

namespace moelm {

/// Checks the lock before every call that creates, renames or removes a path, and fails with ESTALE if it is lost. Even
/// in the middle of a save, a folder that now belongs to another process stays unchanged. Open files can still be
/// written. Lock and `under` must outlive this object. Not thread-safe.
class GuardedFiles final : public FileSystem {
 public:
  GuardedFiles(RunLock& lock, FileSystem& under) : lock_(lock), under_(under) {}

  int open(const char* path, int flags, mode_t mode) override;
  int mkdir(const char* path, mode_t mode) override;
  int rmdir(const char* path) override;
  int unlink(const char* path) override;
  int link(const char* from, const char* to) override;
  int rename(const char* from, const char* to) override;
  int rename_no_replace(const char* from, const char* to) override;

  int close(int descriptor) override { return under_.close(descriptor); }
  ssize_t read(int descriptor, void* bytes, std::size_t count) override {
    return under_.read(descriptor, bytes, count);
  }
  ssize_t pread(int descriptor, void* bytes, std::size_t count, off_t offset) override {
    return under_.pread(descriptor, bytes, count, offset);
  }
  ssize_t write(int descriptor, const void* bytes, std::size_t count) override {
    return under_.write(descriptor, bytes, count);
  }
  int fsync(int descriptor) override { return under_.fsync(descriptor); }
  int fdatasync(int descriptor) override { return under_.fdatasync(descriptor); }
  int ftruncate(int descriptor, off_t size) override { return under_.ftruncate(descriptor, size); }
  int allocate(int descriptor, off_t size) override { return under_.allocate(descriptor, size); }
  int drop_cache(int descriptor) override { return under_.drop_cache(descriptor); }
  int flock(int descriptor, int operation) override { return under_.flock(descriptor, operation); }
  int fstat(int descriptor, struct stat* status) override { return under_.fstat(descriptor, status); }
  int lstat(const char* path, struct stat* status) override { return under_.lstat(path, status); }
  int stat(const char* path, struct stat* status) override { return under_.stat(path, status); }
  int statvfs(const char* path, struct statvfs* status) override { return under_.statvfs(path, status); }
  int list(const char* path, std::vector<std::string>* names) override { return under_.list(path, names); }

 private:
  bool lost();

  RunLock& lock_;
  FileSystem& under_;
};

}  // namespace moelm
