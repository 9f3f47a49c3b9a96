#include "data/output_folder.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "data/data_index.hpp"
#include "io/file.hpp"
#include "io/file_error.hpp"
#include "tokenizer/tokenizer_file.hpp"

namespace moelm {

namespace {

std::string without_trailing_slashes(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

constexpr std::string_view kMarker = ".moelm-partial";

bool is_shard(std::string_view name) {
  constexpr std::string_view kShard = ".shard";
  const std::size_t split = name.find('-');
  if (split == std::string_view::npos || !name.ends_with(kShard)) return false;
  const std::string_view digits = name.substr(split + 1, name.size() - split - 1 - kShard.size());
  return parse_enum<Split>(name.substr(0, split)) && digits.size() >= 5 &&
         digits.find_first_not_of("0123456789") == std::string_view::npos;
}

/// Whether moe-tokenize gives this name to a file of an unfinished folder.
bool is_our_name(std::string_view name) {
  if (name == kMarker || is_shard(name) || name.starts_with(".moelm-scratch-")) return true;
  for (const std::string_view file : {kTokenizerFile, kVocabularyFile, kIndexFile})
    if (name == file || name.starts_with(".tmp-" + std::string(file) + "-")) return true;
  return false;
}

/// The names in a folder, except the one that every ext file system has.
std::vector<std::string> names_in(const std::string& path) {
  std::vector<std::string> names = list_directory(path);
  std::erase(names, "lost+found");
  return names;
}

bool holds(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// Whether a folder may be filled: it is empty, or an unfinished one of ours.
bool is_free(const std::vector<std::string>& names) {
  return names.empty() ||
         (holds(names, kMarker) && !holds(names, kIndexFile) && std::all_of(names.begin(), names.end(), is_our_name));
}

/// The same for "PATH.partial", whose name is an indication too: earlier versions wrote no marker.
bool is_free_partial(const std::vector<std::string>& names) {
  return is_free(names) || (std::any_of(names.begin(), names.end(), is_shard) && !holds(names, kIndexFile) &&
                            std::all_of(names.begin(), names.end(), is_our_name));
}

void remove_our_files(const std::string& folder) {
  for (const std::string& name : names_in(folder))
    if (is_our_name(name) && name != kMarker && !remove_file(join_path(folder, name)))
      throw Error(Exit::cannot_create, join_path(folder, name) + ": cannot be removed; remove " + folder);
}

[[noreturn]] void refuse_existing(const std::string& path) {
  throw Error(Exit::cannot_create,
              path + ": expected a new or empty folder, found one in use; nothing is overwritten, give another --out");
}

}  // namespace

OutputFolder::OutputFolder(const std::string& path)
    : path_(without_trailing_slashes(path)), working_(path_ + ".partial") {
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

void OutputFolder::clear_leftover() {
  const std::vector<std::string> names = names_in(working_);
  if (!(in_place() ? is_free(names) : is_free_partial(names)))
    throw Error(Exit::cannot_create, working_ +
                                         ": expected nothing or what moe-tokenize left unfinished, found other " +
                                         "files, which are kept; rename it, or give another --out");
  if (!holds(names, kMarker)) File::create(join_path(working_, kMarker)).close();
  remove_our_files(working_);
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
  throw Error(Exit::cannot_create,
              path_ + ": is being made by another moe-tokenize; wait for it or give another --out");
}

OutputFolder::~OutputFolder() {
  try {
    if (!published_) {
      remove_our_files(working_);
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
