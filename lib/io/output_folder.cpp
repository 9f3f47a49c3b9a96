#include "io/output_folder.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include "base/error.hpp"
#include "io/file.hpp"
#include "io/file_error.hpp"

namespace moelm {

namespace {

constexpr std::string_view kMarker = ".moelm-partial";

/// The names in a folder, except the one that every ext file system has.
std::vector<std::string> names_in(const std::string& path) {
  std::vector<std::string> names = list_directory(path);
  std::erase(names, "lost+found");
  return names;
}

bool holds(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

[[noreturn]] void refuse_existing(const std::string& path) {
  throw Error(
      Exit::cannot_create,
      path + ": expected a new or empty folder, found one in use; nothing is overwritten, give another output folder");
}

}  // namespace

OutputFolder::OutputFolder(const std::string& path, const FolderKind& kind)
    : kind_(kind), path_(without_trailing_slashes(path)), working_(path_ + ".partial") {
  if (path_exists(path_)) {
    if (!is_directory(path_, Links::refuse) || !is_free(names_in(path_))) refuse_existing(path_);
    working_ = path_;
  } else {
    make_directories(parent_path(path_));
    make_directory(working_);
  }
  open_and_lock();
  try {
    clear_leftover();
  } catch (...) {
    real_file_system().close(descriptor_);
    throw;
  }
}

/// Whether the program gives this name to a file of an unfinished folder.
bool OutputFolder::is_our_name(std::string_view name) const {
  return name == kMarker || kind_.is_ours(temporary_target(name).value_or(name));
}

/// Whether a folder may be filled: it is empty, or an unfinished one of ours.
bool OutputFolder::is_free(const std::vector<std::string>& names) const {
  return names.empty() ||
         (holds(names, kMarker) && !holds(names, kind_.last) &&
          std::all_of(names.begin(), names.end(), [&](const std::string& name) { return is_our_name(name); }));
}

/// The same for "PATH.partial", whose name is an indication too: earlier versions wrote no marker.
bool OutputFolder::is_free_partial(const std::vector<std::string>& names) const {
  const auto told = [&](const std::string& name) { return kind_.is_telling != nullptr && kind_.is_telling(name); };
  return is_free(names) ||
         (std::any_of(names.begin(), names.end(), told) && !holds(names, kind_.last) &&
          std::all_of(names.begin(), names.end(), [&](const std::string& name) { return is_our_name(name); }));
}

void OutputFolder::remove_our_files() const {
  for (const std::string& name : names_in(working_))
    if (is_our_name(name) && name != kMarker && !remove_file(join_path(working_, name)))
      throw Error(Exit::cannot_create, join_path(working_, name) + ": cannot be removed; remove " + working_);
}

void OutputFolder::clear_leftover() {
  const std::vector<std::string> names = names_in(working_);
  if (!(in_place() ? is_free(names) : is_free_partial(names)))
    throw Error(Exit::cannot_create, working_ + ": expected nothing or what " + std::string(kind_.program) +
                                         " left unfinished, found other files, which are kept; rename it, or give "
                                         "another output folder");
  if (!holds(names, kMarker)) File::create(join_path(working_, kMarker)).close();
  remove_our_files();
}

void OutputFolder::open_and_lock() {
  FileSystem& fs = real_file_system();
  descriptor_ = fs.open(working_.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
  if (descriptor_ < 0) throw_file_error(errno, Exit::cannot_create, working_, "open");
  const bool busy = fs.flock(descriptor_, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK;
  struct stat held {
  }, named{};
  const bool same = fs.fstat(descriptor_, &held) == 0 && fs.lstat(working_.c_str(), &named) == 0 &&
                    held.st_ino == named.st_ino && held.st_dev == named.st_dev;
  // Without locks on folders, only processes on other machines go unnoticed.
  if (same && !busy) return;
  fs.close(descriptor_);
  throw Error(Exit::cannot_create, path_ + ": is being made by another " + std::string(kind_.program) +
                                       "; wait for it or give another output folder");
}

OutputFolder::~OutputFolder() {
  try {
    if (!published_) {
      remove_our_files();
      remove_file(join_path(working_, kMarker));
      if (!in_place()) real_file_system().rmdir(working_.c_str());
    }
  } catch (const std::exception&) {
    // The next run clears what is left.
  }
  real_file_system().close(descriptor_);
}

void OutputFolder::publish() {
  sync_directory(working_);
  if (!in_place()) {
    if (!rename_no_replace(working_, path_)) refuse_existing(path_);
    working_ = path_;
    sync_directory(parent_path(path_));
  }
  published_ = true;
  remove_file(join_path(path_, kMarker));
  sync_directory(path_);
}

}  // namespace moelm
