// A file system that counts its calls and makes chosen ones fail.
#pragma once

#include <cerrno>
#include <functional>
#include <string>
#include <vector>

#include "io/file_system.hpp"

namespace moelm {

/// Before every call asks `fails(name of the call, its number from 1)`; an errno other than 0 is the call's result.
/// Closing is always done, because a test must not run out of descriptors, but may report an error all the same.
class FaultyFileSystem : public FileSystem {
 public:
  using Rule = std::function<int(const std::string& call, int number)>;

  FaultyFileSystem() = default;
  explicit FaultyFileSystem(Rule fails) : fails_(std::move(fails)) {}

  int calls() const { return calls_; }

  int open(const char* path, int flags, mode_t mode) override {
    return bad("open") ? -1 : FileSystem::open(path, flags, mode);
  }
  int close(int d) override {
    const int result = FileSystem::close(d);
    return bad("close") ? -1 : result;
  }
  ssize_t read(int d, void* b, std::size_t n) override { return bad("read") ? -1 : FileSystem::read(d, b, n); }
  ssize_t pread(int d, void* b, std::size_t n, off_t o) override {
    return bad("pread") ? -1 : FileSystem::pread(d, b, n, o);
  }
  ssize_t write(int d, const void* b, std::size_t n) override { return bad("write") ? -1 : FileSystem::write(d, b, n); }
  int fsync(int d) override { return bad("fsync") ? -1 : FileSystem::fsync(d); }
  int fdatasync(int d) override { return bad("fdatasync") ? -1 : FileSystem::fdatasync(d); }
  int ftruncate(int d, off_t s) override { return bad("ftruncate") ? -1 : FileSystem::ftruncate(d, s); }
  int allocate(int d, off_t s) override { return bad("allocate") ? -1 : FileSystem::allocate(d, s); }
  int drop_cache(int d) override { return bad("drop_cache") ? -1 : FileSystem::drop_cache(d); }
  int flock(int d, int o) override { return bad("flock") ? -1 : FileSystem::flock(d, o); }
  int fstat(int d, struct stat* s) override { return bad("fstat") ? -1 : FileSystem::fstat(d, s); }
  int lstat(const char* p, struct stat* s) override { return bad("lstat") ? -1 : FileSystem::lstat(p, s); }
  int stat(const char* p, struct stat* s) override { return bad("stat") ? -1 : FileSystem::stat(p, s); }
  int statvfs(const char* p, struct statvfs* s) override { return bad("statvfs") ? -1 : FileSystem::statvfs(p, s); }
  int mkdir(const char* p, mode_t m) override { return bad("mkdir") ? -1 : FileSystem::mkdir(p, m); }
  int rmdir(const char* p) override { return bad("rmdir") ? -1 : FileSystem::rmdir(p); }
  int unlink(const char* p) override { return bad("unlink") ? -1 : FileSystem::unlink(p); }
  int rename(const char* f, const char* t) override { return bad("rename") ? -1 : FileSystem::rename(f, t); }
  int rename_no_replace(const char* f, const char* t) override {
    return bad("rename_no_replace") ? -1 : FileSystem::rename_no_replace(f, t);
  }
  int list(const char* p, std::vector<std::string>* n) override { return bad("list") ? -1 : FileSystem::list(p, n); }

 private:
  bool bad(const char* call) {
    ++calls_;
    const int error = fails_ ? fails_(call, calls_) : 0;
    if (error != 0) errno = error;
    return error != 0;
  }

  Rule fails_;
  int calls_ = 0;
};

}  // namespace moelm
