// The part of io/file.hpp that deals with names and directories.
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "io/file.hpp"
#include "io/file_error.hpp"

namespace moelm {

namespace {

constexpr std::string_view kTemporary = ".tmp-";

}  // namespace

void throw_file_error(int error_number, Exit fallback, std::string_view path, std::string_view operation) {
  if (error_number == EMFILE || error_number == ENFILE || error_number == ENOMEM) fallback = Exit::out_of_memory;
  if (error_number == ENOSPC || error_number == EDQUOT || error_number == EIO) fallback = Exit::io;
  if (error_number == ENOENT && fallback == Exit::cannot_create)
    throw Error(fallback, std::string(path) + ": " + std::string(operation) + ": the directory does not exist");
  throw_errno(error_number, fallback, path, operation);
}

std::string join_path(const std::string& directory, std::string_view name) {
  if (directory.empty()) return std::string(name);
  return directory + (directory.back() == '/' ? "" : "/") + std::string(name);
}

std::string without_trailing_slashes(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

std::string parent_path(const std::string& path) {
  const std::size_t last = path.find_last_not_of('/');
  if (last == std::string::npos) return path.empty() ? "." : "/";
  const std::size_t slash = path.find_last_of('/', last);
  if (slash == std::string::npos) return ".";
  const std::size_t end = path.find_last_not_of('/', slash);
  return end == std::string::npos ? "/" : path.substr(0, end + 1);
}

bool is_plain_name(std::string_view name) {
  if (name.empty() || name.size() > 128 || name.front() == '.') return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  });
}

bool path_exists(const std::string& path, FileSystem& fs) {
  struct stat status {};
  if (fs.lstat(path.c_str(), &status) == 0) return true;
  if (errno == ENOENT || errno == ENOTDIR) return false;
  throw_file_error(errno, Exit::io, path, "stat");
}

bool is_directory(const std::string& path, Links links, FileSystem& fs) {
  struct stat status {};
  const int result = links == Links::follow ? fs.stat(path.c_str(), &status) : fs.lstat(path.c_str(), &status);
  return result == 0 && S_ISDIR(status.st_mode);
}

bool is_regular_file(const std::string& path, FileSystem& fs) {
  struct stat status {};
  return fs.lstat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

bool leads_elsewhere(const std::string& path, FileSystem& fs) {
  struct stat status {};
  return fs.lstat(path.c_str(), &status) == 0 && !S_ISDIR(status.st_mode);
}

std::optional<bool> names_open_file(const std::string& path, const File& file, FileSystem& fs) {
  struct stat open {
  }, named{};
  if (fs.fstat(file.descriptor(), &open) < 0) return std::nullopt;
  if (fs.stat(path.c_str(), &named) == 0) return open.st_dev == named.st_dev && open.st_ino == named.st_ino;
  if (errno == ENOENT || errno == ENOTDIR) return false;
  return std::nullopt;
}

std::vector<std::string> list_directory(const std::string& path, FileSystem& fs) {
  std::vector<std::string> names;
  if (fs.list(path.c_str(), &names) < 0) throw_file_error(errno, Exit::io, path, "list directory");
  std::sort(names.begin(), names.end());
  return names;
}

bool make_directory(const std::string& path, FileSystem& fs) {
  if (fs.mkdir(path.c_str(), 0777) == 0) return true;
  if (errno == EEXIST) return false;
  throw_file_error(errno, Exit::cannot_create, path, "create directory");
}

void make_directories(const std::string& path, FileSystem& fs) {
  if (is_directory(path, Links::follow, fs)) return;
  const std::string parent = parent_path(path);
  if (parent != path) make_directories(parent, fs);
  if (make_directory(path, fs)) return sync_directory(parent, fs);
  if (!is_directory(path, Links::follow, fs))
    throw Error(Exit::cannot_create, path + ": create directory: something else of that name is there");
}

std::string temporary_name(std::string_view name, int attempt) {
  return std::string(kTemporary) + std::string(name) + "-" + std::to_string(::getpid()) + "-" + std::to_string(attempt);
}

std::optional<std::string_view> temporary_target(std::string_view temporary) {
  if (!temporary.starts_with(kTemporary)) return std::nullopt;
  temporary.remove_prefix(kTemporary.size());
  for (int number = 0; number < 2; ++number) {  // attempt and process, from the end
    const std::size_t dash = temporary.rfind('-');
    if (dash == std::string_view::npos || dash == 0 || dash + 1 == temporary.size()) return std::nullopt;
    if (temporary.find_first_not_of("0123456789", dash + 1) != std::string_view::npos) return std::nullopt;
    temporary = temporary.substr(0, dash);
  }
  return temporary;
}

void rename_path(const std::string& from, const std::string& to, FileSystem& fs) {
  if (fs.rename(from.c_str(), to.c_str()) < 0) throw_file_error(errno, Exit::io, to, "rename");
}

bool rename_no_replace(const std::string& from, const std::string& to, FileSystem& fs) {
  if (fs.rename_no_replace(from.c_str(), to.c_str()) == 0) return true;
  if (errno == EEXIST) return false;
  if (errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP) throw_file_error(errno, Exit::io, to, "rename");
  if (path_exists(to, fs)) return false;
  rename_path(from, to, fs);
  return true;
}

bool remove_file(const std::string& path, FileSystem& fs) noexcept { return fs.unlink(path.c_str()) == 0; }

Index free_bytes(const std::string& path, FileSystem& fs) {
  struct statvfs status {};
  if (fs.statvfs(path.c_str(), &status) < 0) throw_file_error(errno, Exit::io, path, "statvfs");
  if (status.f_blocks == 0) throw Error(Exit::io, path + ": statvfs: the file system does not say how large it is");
  return static_cast<Index>(status.f_bavail) * static_cast<Index>(status.f_frsize);
}

}  // namespace moelm
