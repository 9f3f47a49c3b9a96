// The system calls for files in one replaceable class: tests make any of them fail, or record them.
#pragma once

#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/types.h>

#include <cstddef>
#include <string>
#include <vector>

namespace moelm {

/// Each function is the system call of its name: it returns -1 and sets errno on failure, and retries nothing. All file
/// access of the project goes through such an object. Thread-safe.
class FileSystem {
 public:
  FileSystem() = default;
  virtual ~FileSystem() = default;
  FileSystem(const FileSystem&) = delete;
  FileSystem& operator=(const FileSystem&) = delete;

  virtual int open(const char* path, int flags, mode_t mode);
  virtual int close(int descriptor);
  virtual ssize_t read(int descriptor, void* bytes, std::size_t count);
  virtual ssize_t pread(int descriptor, void* bytes, std::size_t count, off_t offset);
  virtual ssize_t write(int descriptor, const void* bytes, std::size_t count);
  virtual int fsync(int descriptor);
  virtual int fdatasync(int descriptor);
  virtual int ftruncate(int descriptor, off_t size);
  /// fallocate: the size of the file becomes at least `size`.
  virtual int allocate(int descriptor, off_t size);
  /// Asks the kernel to forget its cached pages of the file, so that the next read comes from the device.
  virtual int drop_cache(int descriptor);
  virtual int flock(int descriptor, int operation);
  virtual int fstat(int descriptor, struct stat* status);
  virtual int lstat(const char* path, struct stat* status);
  virtual int stat(const char* path, struct stat* status);
  virtual int statvfs(const char* path, struct statvfs* status);
  virtual int mkdir(const char* path, mode_t mode);
  virtual int rmdir(const char* path);
  virtual int unlink(const char* path);
  virtual int link(const char* from, const char* to);
  virtual int rename(const char* from, const char* to);
  /// renameat2 with RENAME_NOREPLACE.
  virtual int rename_no_replace(const char* from, const char* to);
  /// Appends the names of a directory, without "." and "..", in no particular order.
  virtual int list(const char* path, std::vector<std::string>* names);
};

/// The operating system's files.
FileSystem& real_file_system();

}  // namespace moelm
