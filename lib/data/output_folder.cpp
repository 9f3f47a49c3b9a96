#include "data/output_folder.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>

#include "base/error.hpp"
#include "io/file.hpp"
#include "io/file_error.hpp"

namespace moelm {

namespace {

std::string without_trailing_slashes(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

bool is_empty_directory(const std::string& path) {
  return is_directory(path, Links::refuse) && list_directory(path).empty();
}

[[noreturn]] void refuse_existing(const std::string& path) {
  throw Error(Exit::cannot_create,
              path + ": expected a new or empty folder, found one in use; nothing is overwritten, give another --out");
}

}  // namespace

OutputFolder::OutputFolder(const std::string& path)
    : path_(without_trailing_slashes(path)), partial_(path_ + ".partial") {
  if (path_exists(path_) && !is_empty_directory(path_)) refuse_existing(path_);
  make_directories(parent_path(path_));
  open_and_lock();
  for (const std::string& name : list_directory(partial_))
    if (!remove_file(join_path(partial_, name)))
      throw Error(Exit::cannot_create, join_path(partial_, name) + ": cannot be removed; remove " + partial_);
}

void OutputFolder::open_and_lock() {
  FileSystem& fs = real_file_system();
  make_directory(partial_);
  descriptor_ = fs.open(partial_.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
  if (descriptor_ < 0) throw_file_error(errno, Exit::cannot_create, partial_, "open");
  const bool busy = fs.flock(descriptor_, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK;
  struct stat held {
  }, named{};
  const bool same = fs.fstat(descriptor_, &held) == 0 && fs.lstat(partial_.c_str(), &named) == 0 &&
                    held.st_ino == named.st_ino && held.st_dev == named.st_dev;
  // Where folders cannot be locked, only processes on other machines go unnoticed.
  if (same && !busy) return;
  fs.close(descriptor_);
  throw Error(Exit::cannot_create,
              path_ + ": is being made by another moe-tokenize; wait for it or give another --out");
}

OutputFolder::~OutputFolder() {
  try {
    if (!published_) remove_flat_directory(partial_);
  } catch (const std::exception&) {
    // What is left is cleared by the next run.
  }
  real_file_system().close(descriptor_);
}

void OutputFolder::publish() {
  sync_directory(partial_);
  if (is_directory(path_, Links::refuse) && list_directory(path_).empty())
    rename_path(partial_, path_);
  else if (!rename_no_replace(partial_, path_))
    refuse_existing(path_);
  published_ = true;
  sync_directory(parent_path(path_));
}

}  // namespace moelm
