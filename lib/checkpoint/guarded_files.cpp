#include "checkpoint/guarded_files.hpp"

#include <fcntl.h>

#include <cerrno>

namespace moelm {

bool GuardedFiles::lost() {
  if (lock_.is_held()) return false;
  errno = ESTALE;
  return true;
}

int GuardedFiles::open(const char* path, int flags, mode_t mode) {
  return (flags & O_CREAT) != 0 && lost() ? -1 : under_.open(path, flags, mode);
}

int GuardedFiles::mkdir(const char* path, mode_t mode) { return lost() ? -1 : under_.mkdir(path, mode); }

int GuardedFiles::rmdir(const char* path) { return lost() ? -1 : under_.rmdir(path); }

int GuardedFiles::unlink(const char* path) { return lost() ? -1 : under_.unlink(path); }

int GuardedFiles::link(const char* from, const char* to) { return lost() ? -1 : under_.link(from, to); }

int GuardedFiles::rename(const char* from, const char* to) { return lost() ? -1 : under_.rename(from, to); }

int GuardedFiles::rename_no_replace(const char* from, const char* to) {
  return lost() ? -1 : under_.rename_no_replace(from, to);
}

}  // namespace moelm
