#include "io/file_system.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace moelm {

int FileSystem::open(const char* path, int flags, mode_t mode) { return ::open(path, flags, mode); }
int FileSystem::close(int descriptor) { return ::close(descriptor); }
ssize_t FileSystem::read(int descriptor, void* bytes, std::size_t count) { return ::read(descriptor, bytes, count); }
ssize_t FileSystem::pread(int descriptor, void* bytes, std::size_t count, off_t offset) {
  return ::pread(descriptor, bytes, count, offset);
}
ssize_t FileSystem::write(int descriptor, const void* bytes, std::size_t count) {
  return ::write(descriptor, bytes, count);
}
int FileSystem::fsync(int descriptor) { return ::fsync(descriptor); }
int FileSystem::fdatasync(int descriptor) { return ::fdatasync(descriptor); }
int FileSystem::ftruncate(int descriptor, off_t size) { return ::ftruncate(descriptor, size); }
int FileSystem::allocate(int descriptor, off_t size) { return ::fallocate(descriptor, 0, 0, size); }
int FileSystem::drop_cache(int descriptor) {
  const int error = ::posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED);
  errno = error;
  return error == 0 ? 0 : -1;
}
int FileSystem::flock(int descriptor, int operation) { return ::flock(descriptor, operation); }
int FileSystem::fstat(int descriptor, struct stat* status) { return ::fstat(descriptor, status); }
int FileSystem::lstat(const char* path, struct stat* status) { return ::lstat(path, status); }
int FileSystem::stat(const char* path, struct stat* status) { return ::stat(path, status); }
int FileSystem::statvfs(const char* path, struct statvfs* status) { return ::statvfs(path, status); }
int FileSystem::mkdir(const char* path, mode_t mode) { return ::mkdir(path, mode); }
int FileSystem::rmdir(const char* path) { return ::rmdir(path); }
int FileSystem::unlink(const char* path) { return ::unlink(path); }
int FileSystem::link(const char* from, const char* to) { return ::link(from, to); }
int FileSystem::rename(const char* from, const char* to) { return ::rename(from, to); }
int FileSystem::rename_no_replace(const char* from, const char* to) {
#ifdef RENAME_NOREPLACE
  return ::renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);
#else
  (void)from, (void)to;
  errno = ENOSYS;
  return -1;
#endif
}

int FileSystem::list(const char* path, std::vector<std::string>* names) {
  DIR* directory = ::opendir(path);
  if (directory == nullptr) return -1;
  errno = 0;
  while (const dirent* entry = ::readdir(directory)) {
    if (std::strcmp(entry->d_name, ".") != 0 && std::strcmp(entry->d_name, "..") != 0)
      names->emplace_back(entry->d_name);
    errno = 0;
  }
  const int error = errno;
  ::closedir(directory);
  errno = error;
  return error == 0 ? 0 : -1;
}

FileSystem& real_file_system() {
  static FileSystem instance;  // stateless
  return instance;
}

}  // namespace moelm
