#include "checkpoint/run_lock.hpp"

#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/error.hpp"
#include "checkpoint/lock_holder.hpp"
#include "io/file_error.hpp"

namespace moelm {

namespace {

constexpr int kMaxAttempts = 10;
constexpr const char* kWait = "wait for it, or stop it";

[[noreturn]] void refuse(const std::string& path, const LockHolder& holder, const std::string& hint) {
  throw Error(Exit::cannot_create, path + ": the run is in use by " + describe(holder) + "; " + hint);
}

// Removes a left-over lock. It is first renamed and read again: if two processes come at the same moment, the slower
// one must not remove the lock that the faster one has just taken.
void remove_left_over(const std::string& held, const std::string& seen, FileSystem& fs) {
  const std::string aside = held + "-" + std::to_string(::getpid());
  rename_path(held, aside, fs);
  if (read_file(aside, kMaxHolderBytes, Links::refuse, fs) != seen) {
    rename_no_replace(aside, held, fs);
    refuse(held, read_lock_holder(held, fs), "try again");
  }
  remove_file(aside, fs);
}

// Creates the lock with its contents in one step, so that a process that dies here leaves either nothing or a lock that
// names its holder. Returns false if the lock is taken.
bool create_whole(const std::string& held, FileSystem& fs) {
  const std::string aside = held + "-" + std::to_string(::getpid()) + "-new";
  remove_file(aside, fs);
  File file = File::create(aside, fs);
  file.write_all(lock_text(this_process()));
  file.close();
  const int result = fs.link(aside.c_str(), held.c_str());
  const int error = errno;
  remove_file(aside, fs);
  if (result == 0) return true;
  if (error == EEXIST) return false;
  // Without hard links: create exclusively, then write.
  File plain = File::create(held, fs);
  plain.write_all(lock_text(this_process()));
  plain.close();
  return true;
}

void write_holder(File& file) {
  try {
    file.truncate(0);
    file.write_all(lock_text(this_process()));
  } catch (const Error&) {
    // For example if the disk is full. The lock holds without naming its holder.
  }
}

}  // namespace

RunLock::RunLock(const std::string& run, FileSystem& fs)
    : run_(run), path_(join_path(run, ".lock")), fs_(&fs), folder_(File::open_directory(run, fs)) {}

RunLock RunLock::acquire(const std::string& run, Foreign foreign, FileSystem& fs) {
  RunLock lock(run, fs);
  lock.take(foreign);
  return lock;
}

void RunLock::take(Foreign foreign) {
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
    file_ = File::open_append(path_, *fs_);
    if (!lock(file_)) return take_exclusive_file(foreign);
    // The last holder may just have removed the file, and the next process would lock another one.
    if (!names_open_file(path_, file_, *fs_).value_or(true)) continue;
    return write_holder(file_);
  }
  refuse(path_, read_lock_holder(path_, *fs_), "try again");
}

/// Returns false if the file system has no locks.
bool RunLock::lock(const File& file) const {
  int result = -1;
  do result = fs_->flock(file.descriptor(), LOCK_EX | LOCK_NB);
  while (result < 0 && errno == EINTR);
  if (result == 0) return true;
  const int error = errno;
  if (error == EWOULDBLOCK) refuse(path_, read_lock_holder(path_, *fs_), kWait);
  if (error == ENOSYS || error == EOPNOTSUPP || error == EINVAL || error == ENOLCK) return false;
  throw_file_error(error, Exit::io, path_, "lock");
}

void RunLock::take_exclusive_file(Foreign foreign) {
  const std::string held = path_ + ".held";
  if (path_exists(held, *fs_)) {
    const std::string seen = read_file(held, kMaxHolderBytes, Links::refuse, *fs_);
    const LockHolder holder = read_lock_holder(held, *fs_);
    const HolderState state = state_of(holder);
    if (state == HolderState::alive) refuse(held, holder, kWait);
    if (state == HolderState::unknown && foreign == Foreign::refuse)
      refuse(held, holder,
             holder.host == this_process().host && holder.pid != 0
                 ? "it cannot be seen from this container; if it no longer runs, use --break-lock"
                 : "if it no longer runs there, use --break-lock");
    remove_left_over(held, seen, *fs_);
  }
  if (!create_whole(held, *fs_)) refuse(held, read_lock_holder(held, *fs_), kWait);
  held_ = held;
  exclusive_ = File::open_read(held_, Links::refuse, *fs_);
}

bool RunLock::is_held() {
  if (!names_open_file(run_, folder_, *fs_).value_or(true)) return false;
  const bool named = held_.empty() ? names_open_file(path_, file_, *fs_).value_or(true)
                                   : names_open_file(held_, exclusive_, *fs_).value_or(true);
  return named || make_again();
}

/// Takes the lock again after its file was removed, unless another process has taken it.
bool RunLock::make_again() {
  try {
    if (held_.empty()) {
      File again = File::create(path_, *fs_);
      if (!lock(again)) return false;
      write_holder(again);
      file_ = std::move(again);
    } else {
      if (!create_whole(held_, *fs_)) return false;
      exclusive_ = File::open_read(held_, Links::refuse, *fs_);
    }
    return true;
  } catch (const Error&) {
    return false;
  }
}

void RunLock::require_held() {
  if (is_held()) return;
  const LockHolder holder = read_lock_holder(held_.empty() ? path_ : held_, *fs_);
  throw Error(Exit::cannot_create, path_ + ": expected the lock that this process took, found " +
                                       (holder.pid == 0 ? "none of ours" : "that of " + describe(holder)) +
                                       "; the folder was moved or replaced, or the lock removed: nothing more is "
                                       "written there");
}

void RunLock::remove_lock_file() { remove_file(path_, *fs_); }

RunLock::~RunLock() {
  // Another file of that name is the lock of another process.
  if (!held_.empty() && names_open_file(held_, exclusive_, *fs_).value_or(false)) remove_file(held_, *fs_);
}

RunLock::RunLock(RunLock&& other) noexcept
    : run_(std::move(other.run_)),
      path_(std::move(other.path_)),
      held_(std::exchange(other.held_, "")),
      fs_(other.fs_),
      folder_(std::move(other.folder_)),
      file_(std::move(other.file_)),
      exclusive_(std::move(other.exclusive_)) {}

}  // namespace moelm
