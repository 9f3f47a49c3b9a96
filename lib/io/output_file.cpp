#include "io/output_file.hpp"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <memory>
#include <thread>
#include <utility>

#include "base/error.hpp"
#include "io/file_error.hpp"

namespace moelm {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{1} << 20;
constexpr int kReaderPolls = 50, kPollMilliseconds = 100;
constexpr Index kExaminedBytes = Index{64} << 10;

/// Which of the standard outputs a file is, or -1. Opening such a file again by its name would overwrite it.
int standard_descriptor(FileSystem& fs, const struct stat& status) {
  for (const int descriptor : {STDOUT_FILENO, STDERR_FILENO}) {
    struct stat standard {};
    if (fs.fstat(descriptor, &standard) == 0 && standard.st_dev == status.st_dev && standard.st_ino == status.st_ino)
      return descriptor;
  }
  return -1;
}

bool is_ours(const std::string& path, const OutputKind& kind, FileSystem& fs) {
  const File file = File::open_read(path, Links::follow, fs);
  const Index size = file.size(), examined = std::min(size, kExaminedBytes);
  if (size == 0) return true;
  std::string head(examined, '\0'), tail = head;
  file.read_at(0, head.data(), head.size());
  file.read_at(size - examined, tail.data(), tail.size());
  const auto held = [&](const std::string& part) { return part.find(kind.holds) != std::string::npos; };
  return head.starts_with(kind.begins) && (held(head) || held(tail));
}

std::string followed(const std::string& path) {
  const std::unique_ptr<char, decltype(&::free)> real(::realpath(path.c_str(), nullptr), &::free);
  if (!real) throw_file_error(errno, Exit::cannot_create, path, "follow");
  return real.get();
}

}  // namespace

OutputFile::OutputFile(std::string path, const OutputKind& kind, bool force, FileSystem& fs)
    : fs_(fs), path_(std::move(path)) {
  find_target(kind, force);
}

void OutputFile::find_target(const OutputKind& kind, bool force) {
  struct stat status {};
  if (path_.empty() || path_.back() == '/' || !is_directory(parent_path(path_), Links::follow, fs_))
    throw Error(Exit::cannot_create, path_ + ": expected a file in a folder that is there");
  if (fs_.stat(path_.c_str(), &status) != 0) {
    if (errno != ENOENT) throw_file_error(errno, Exit::cannot_create, path_, "stat");
    if (path_exists(path_, fs_))
      throw Error(Exit::cannot_create, path_ + ": expected a file, found a link that leads nowhere");
    target_ = path_;
    return;
  }
  if (S_ISDIR(status.st_mode) || S_ISBLK(status.st_mode))
    throw Error(Exit::cannot_create,
                path_ + ": expected the name of a file, found a " + (S_ISDIR(status.st_mode) ? "folder" : "disk"));
  copied_ = standard_descriptor(fs_, status);
  if (copied_ >= 0 || !S_ISREG(status.st_mode)) return;
  if (!force && !is_ours(path_, kind, fs_))
    throw Error(Exit::cannot_create, path_ + ": expected a new file or " + std::string(kind.name) +
                                         ", found another file, which is kept; give another name, or --force");
  target_ = followed(path_);
  replaces_ = true;
}

OutputFile::~OutputFile() {
  if (stream_ >= 0) fs_.close(stream_);
  if (!temporary_.empty()) remove_file(temporary_, fs_);
}

void OutputFile::write(std::string_view bytes) {
  waiting_ += bytes;
  if (waiting_.size() >= kBufferBytes) flush();
}

void OutputFile::open_stream() {
  // Opening a pipe waits for its reader: for a moment, not for ever.
  for (int waited = 0;; ++waited) {
    do
      stream_ = copied_ >= 0 ? ::fcntl(copied_, F_DUPFD_CLOEXEC, 3)
                             : fs_.open(path_.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0);
    while (stream_ < 0 && errno == EINTR);
    if (stream_ >= 0) break;
    // Sockets and devices give the same error, and no reader will come.
    const int error = errno;
    struct stat status {};
    const bool is_pipe = fs_.stat(path_.c_str(), &status) == 0 && S_ISFIFO(status.st_mode);
    if (error != ENXIO || !is_pipe) throw_file_error(error, Exit::cannot_create, path_, "open");
    if (waited == kReaderPolls)
      throw Error(Exit::cannot_create, path_ + ": expected a program that reads the pipe, found none in " +
                                           std::to_string(kReaderPolls * kPollMilliseconds / 1000) +
                                           " seconds; start the reader first");
    std::this_thread::sleep_for(std::chrono::milliseconds(kPollMilliseconds));
  }
  if (copied_ < 0) ::fcntl(stream_, F_SETFL, ::fcntl(stream_, F_GETFL) & ~O_NONBLOCK);
}

void OutputFile::write_stream(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t done = fs_.write(stream_, bytes.data(), bytes.size());
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) throw_file_error(errno, Exit::io, path_, "write");
    bytes.remove_prefix(static_cast<std::size_t>(done));
  }
}

void OutputFile::flush() {
  if (target_.empty()) {
    if (stream_ < 0) open_stream();
    write_stream(waiting_);
  } else {
    if (!file_) {
      const std::string name = target_.substr(target_.find_last_of('/') + 1);
      const std::string beside = join_path(parent_path(target_), ".tmp-" + name + "-" + std::to_string(::getpid()));
      file_ = File::create(beside, fs_);
      temporary_ = beside;
    }
    file_->write_all(waiting_);
  }
  waiting_.clear();
}

void OutputFile::finish() {
  flush();
  if (target_.empty()) return;
  struct stat replaced {};
  if (replaces_ && fs_.stat(target_.c_str(), &replaced) == 0) ::fchmod(file_->descriptor(), replaced.st_mode & 0777U);
  file_->sync();
  file_->close();
  if (replaces_)
    rename_path(temporary_, target_, fs_);
  else if (!rename_no_replace(temporary_, target_, fs_))
    throw Error(Exit::cannot_create, path_ + ": expected a new file, found one that was just created; it is kept");
  temporary_.clear();
  sync_directory(parent_path(target_), fs_);
}

}  // namespace moelm
