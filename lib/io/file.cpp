#include "io/file.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/error.hpp"
#include "io/file_error.hpp"

namespace moelm {

namespace {

// One call moves at most this much, below what Linux allows (2 GiB less a page).
constexpr std::size_t kMaxTransfer = std::size_t{1} << 30;

bool is_unsupported(int error) { return error == EINVAL || error == ENOSYS || error == EOPNOTSUPP || error == ENOTSUP; }

int open_retrying(FileSystem& fs, const std::string& path, int flags) {
  int descriptor = -1;
  do descriptor = fs.open(path.c_str(), flags | O_CLOEXEC | O_NOCTTY, 0666);
  while (descriptor < 0 && errno == EINTR);
  return descriptor;
}

[[noreturn]] void refuse_kind(const std::string& path, std::string_view kind) {
  throw Error(Exit::bad_data, path + ": expected a regular file, found a " + std::string(kind));
}

int sync_retrying(FileSystem& fs, int descriptor, bool data_only) {
  int result = -1;
  do result = data_only ? fs.fdatasync(descriptor) : fs.fsync(descriptor);
  while (result < 0 && errno == EINTR);
  return result < 0 && is_unsupported(errno) ? 0 : result;
}

}  // namespace

File::~File() {
  if (descriptor_ >= 0) fs_->close(descriptor_);
}

File::File(File&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), path_(std::move(other.path_)), fs_(other.fs_) {}

File& File::operator=(File&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(path_, other.path_);
  std::swap(fs_, other.fs_);
  return *this;
}

File File::open_read(const std::string& path, Links links, FileSystem& fs) {
  // O_NONBLOCK: opening a pipe must not wait for a writer before it is refused.
  const int flags = O_RDONLY | O_NONBLOCK | (links == Links::refuse ? O_NOFOLLOW : 0);
  const int descriptor = open_retrying(fs, path, flags);
  if (descriptor < 0 && errno == ENXIO) refuse_kind(path, "device, pipe or socket");
  if (descriptor < 0 && errno == ELOOP && links == Links::refuse) refuse_kind(path, "symbolic link");
  if (descriptor < 0) throw_file_error(errno, Exit::io, path, "open");
  File file(descriptor, path, fs);
  file.require_regular();
  return file;
}

File File::create(const std::string& path, FileSystem& fs) {
  const int descriptor = open_retrying(fs, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW);
  if (descriptor < 0) throw_file_error(errno, Exit::cannot_create, path, "create");
  return File(descriptor, path, fs);
}

File File::open_append(const std::string& path, FileSystem& fs) {
  // O_NONBLOCK: opening a pipe must not wait for a reader before it is refused.
  const int descriptor = open_retrying(fs, path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK);
  if (descriptor < 0 && errno == ENXIO) refuse_kind(path, "device, pipe or socket");
  if (descriptor < 0 && errno == ELOOP) refuse_kind(path, "symbolic link");
  if (descriptor < 0) throw_file_error(errno, Exit::cannot_create, path, "open for appending");
  File file(descriptor, path, fs);
  file.require_regular();
  return file;
}

File File::open_directory(const std::string& path, FileSystem& fs) {
  // O_PATH: a folder that may be entered need not be readable.
  const int descriptor = open_retrying(fs, path, O_PATH | O_DIRECTORY);
  if (descriptor < 0) throw_file_error(errno, Exit::io, path, "open directory");
  return File(descriptor, path, fs);
}

void File::require_regular() const {
  struct stat status {};
  if (fs_->fstat(descriptor_, &status) < 0) throw_file_error(errno, Exit::io, path_, "fstat");
  if (!S_ISREG(status.st_mode)) refuse_kind(path_, S_ISDIR(status.st_mode) ? "directory" : "device, pipe or socket");
}

int duplicate_standard_input() {
  // A program that was started without one has something in its place that cannot be read.
  const int flags = ::fcntl(STDIN_FILENO, F_GETFL);
  if (flags < 0 || (flags & O_ACCMODE) == O_WRONLY)
    throw Error(Exit::missing_input, "standard input: expected to be open for reading, found it closed");
  const int descriptor = ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
  if (descriptor < 0) throw_file_error(errno, Exit::missing_input, "standard input", "open");
  return descriptor;
}

File File::standard_input(FileSystem& fs) { return File(duplicate_standard_input(), "standard input", fs); }

Index File::size() const {
  struct stat status {};
  if (fs_->fstat(descriptor_, &status) < 0) throw_file_error(errno, Exit::io, path_, "fstat");
  return status.st_size;
}

std::size_t File::read_some(void* bytes, std::size_t count) {
  for (;;) {
    const ssize_t done = fs_->read(descriptor_, bytes, std::min(count, kMaxTransfer));
    if (done >= 0) return static_cast<std::size_t>(done);
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
      pollfd ready{descriptor_, POLLIN, 0};
      ::poll(&ready, 1, -1);
    } else if (errno != EINTR) {
      throw_file_error(errno, Exit::io, path_, "read");
    }
  }
}

void File::read_at(Index offset, void* bytes, std::size_t count) const {
  auto* to = static_cast<char*>(bytes);
  while (count > 0) {
    const ssize_t done = fs_->pread(descriptor_, to, std::min(count, kMaxTransfer), static_cast<off_t>(offset));
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) throw_file_error(errno, Exit::io, path_, "read");
    if (done == 0)
      throw Error(Exit::bad_data, path_ + ": offset " + std::to_string(offset) + ": expected " + std::to_string(count) +
                                      " more bytes, found the end of the file");
    to += done;
    offset += done;
    count -= static_cast<std::size_t>(done);
  }
}

void File::write_all(const void* bytes, std::size_t count) {
  const auto* from = static_cast<const char*>(bytes);
  while (count > 0) {
    const ssize_t done = fs_->write(descriptor_, from, std::min(count, kMaxTransfer));
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) throw_file_error(errno, Exit::io, path_, "write");
    if (done == 0) throw_file_error(EIO, Exit::io, path_, "write");
    from += done;
    count -= static_cast<std::size_t>(done);
  }
}

void File::allocate(Index size) {
  if (size <= 0) return;
  int result = -1;
  do result = fs_->allocate(descriptor_, static_cast<off_t>(size));
  while (result < 0 && errno == EINTR);
  if (result < 0 && !is_unsupported(errno)) throw_file_error(errno, Exit::io, path_, "reserve space");
}

void File::sync() {
  if (sync_retrying(*fs_, descriptor_, false) < 0) throw_file_error(errno, Exit::io, path_, "sync");
}

void File::data_sync() {
  if (sync_retrying(*fs_, descriptor_, true) < 0) throw_file_error(errno, Exit::io, path_, "sync");
}

void File::truncate(Index size) {
  int result = -1;
  do result = fs_->ftruncate(descriptor_, static_cast<off_t>(size));
  while (result < 0 && errno == EINTR);
  if (result < 0) throw_file_error(errno, Exit::io, path_, "truncate");
}

void File::drop_cache() { fs_->drop_cache(descriptor_); }

void File::close() {
  const int descriptor = std::exchange(descriptor_, -1);
  // On Linux the descriptor is gone even when closing was interrupted.
  if (descriptor >= 0 && fs_->close(descriptor) < 0 && errno != EINTR)
    throw_file_error(errno, Exit::io, path_, "close");
}

std::string read_file(const std::string& path, Index limit, Links links, FileSystem& fs) {
  File file = File::open_read(path, links, fs);
  const Index size = file.size();
  if (size > limit)
    throw Error(Exit::bad_data,
                path + ": size: expected at most " + std::to_string(limit) + " bytes, found " + std::to_string(size));
  std::string bytes(size, '\0');
  file.read_at(0, bytes.data(), bytes.size());
  return bytes;
}

void write_file_atomic(const std::string& path, std::string_view bytes, FileSystem& fs) {
  const std::string directory = parent_path(path);
  const std::string name = path.substr(path.find_last_of('/') + 1);
  std::string temporary;
  for (int attempt = 0;; ++attempt) {
    temporary = join_path(directory, temporary_name(name, attempt));
    if (!path_exists(temporary, fs)) break;
  }
  try {
    File file = File::create(temporary, fs);
    file.write_all(bytes);
    file.sync();
    file.close();
    rename_path(temporary, path, fs);
  } catch (...) {
    remove_file(temporary, fs);
    throw;
  }
  sync_directory(directory, fs);
}

void sync_directory(const std::string& path, FileSystem& fs) {
  const int descriptor = open_retrying(fs, path, O_RDONLY | O_DIRECTORY);
  if (descriptor < 0) throw_file_error(errno, Exit::io, path, "open directory");
  const int result = sync_retrying(fs, descriptor, false);
  const int error = errno;
  fs.close(descriptor);
  if (result < 0) throw_file_error(error, Exit::io, path, "sync directory");
}

}  // namespace moelm
