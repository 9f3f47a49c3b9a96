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

  /// What does not fail is done by `under`.
  explicit FaultyFileSystem(Rule fails = {}, FileSystem& under = real_file_system())
      : fails_(std::move(fails)), under_(under) {}

  int calls() const { return calls_; }

  int open(const char* path, int flags, mode_t mode) override {
    return bad("open") ? -1 : under_.open(path, flags, mode);
  }
  int close(int d) override {
    const int result = under_.close(d);
    return bad("close") ? -1 : result;
  }
  ssize_t read(int d, void* b, std::size_t n) override { return bad("read") ? -1 : under_.read(d, b, n); }
  ssize_t pread(int d, void* b, std::size_t n, off_t o) override {
    return bad("pread") ? -1 : under_.pread(d, b, n, o);
  }
  ssize_t write(int d, const void* b, std::size_t n) override { return bad("write") ? -1 : under_.write(d, b, n); }
  int fsync(int d) override { return bad("fsync") ? -1 : under_.fsync(d); }
  int fdatasync(int d) override { return bad("fdatasync") ? -1 : under_.fdatasync(d); }
  int ftruncate(int d, off_t s) override { return bad("ftruncate") ? -1 : under_.ftruncate(d, s); }
  int allocate(int d, off_t s) override { return bad("allocate") ? -1 : under_.allocate(d, s); }
  int drop_cache(int d) override { return bad("drop_cache") ? -1 : under_.drop_cache(d); }
  int flock(int d, int o) override { return bad("flock") ? -1 : under_.flock(d, o); }
  int fstat(int d, struct stat* s) override { return bad("fstat") ? -1 : under_.fstat(d, s); }
  int lstat(const char* p, struct stat* s) override { return bad("lstat") ? -1 : under_.lstat(p, s); }
  int stat(const char* p, struct stat* s) override { return bad("stat") ? -1 : under_.stat(p, s); }
  int statvfs(const char* p, struct statvfs* s) override { return bad("statvfs") ? -1 : under_.statvfs(p, s); }
  int mkdir(const char* p, mode_t m) override { return bad("mkdir") ? -1 : under_.mkdir(p, m); }
  int rmdir(const char* p) override { return bad("rmdir") ? -1 : under_.rmdir(p); }
  int unlink(const char* p) override { return bad("unlink") ? -1 : under_.unlink(p); }
  int link(const char* f, const char* t) override { return bad("link") ? -1 : under_.link(f, t); }
  int rename(const char* f, const char* t) override { return bad("rename") ? -1 : under_.rename(f, t); }
  int rename_no_replace(const char* f, const char* t) override {
    return bad("rename_no_replace") ? -1 : under_.rename_no_replace(f, t);
  }
  int list(const char* p, std::vector<std::string>* n) override { return bad("list") ? -1 : under_.list(p, n); }

 private:
  bool bad(const char* call) {
    ++calls_;
    const int error = fails_ ? fails_(call, calls_) : 0;
    if (error != 0) errno = error;
    return error != 0;
  }

  Rule fails_;
  FileSystem& under_;
  int calls_ = 0;
};

}  // namespace moelm
