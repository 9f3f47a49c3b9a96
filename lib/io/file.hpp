// Files that close themselves, complete reads and writes, atomic replacement, directories.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/index.hpp"
#include "io/file_system.hpp"

namespace moelm {

/// Whether the last part of a path may be a symbolic link. Names that were read from a file are opened with `refuse`.
enum class Links { follow, refuse };

/// An open file. Every function throws Error with path and operation, repeats interrupted calls and completes partial
/// ones. read_at is thread-safe; everything else is for one thread at a time.
class File {
 public:
  File() = default;
  ~File();
  File(File&& other) noexcept;
  File& operator=(File&& other) noexcept;
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  /// Opens a regular file for reading; anything else (directory, device, pipe) is refused with Exit::bad_data.
  static File open_read(const std::string& path, Links links = Links::follow, FileSystem& fs = real_file_system());
  /// Creates a file for writing with mode 0666 less the umask. Exit::cannot_create where it exists.
  static File create(const std::string& path, FileSystem& fs = real_file_system());
  /// Opens or creates a regular file for appending. Anything else is refused with Exit::bad_data, without waiting for
  /// it.
  static File open_append(const std::string& path, FileSystem& fs = real_file_system());
  /// Opens a directory for names_open_file alone: nothing can be read from it.
  static File open_directory(const std::string& path, FileSystem& fs = real_file_system());
  /// A duplicate of the process's standard input, called "standard input" in messages; need not be a regular file.
  static File standard_input(FileSystem& fs = real_file_system());

  int descriptor() const { return descriptor_; }
  const std::string& path() const { return path_; }
  /// Current size in bytes.
  Index size() const;

  /// Reads up to `count` bytes from the current position; 0 at the end of the file only.
  std::size_t read_some(void* bytes, std::size_t count);
  /// Reads exactly `count` bytes at `offset`, without moving the position; Exit::bad_data if the file ends before.
  void read_at(Index offset, void* bytes, std::size_t count) const;
  /// Writes all bytes at the current position.
  void write_all(const void* bytes, std::size_t count);
  void write_all(std::string_view bytes) { write_all(bytes.data(), bytes.size()); }
  /// Reserves space for `size` bytes, so that a full disk is noticed early. Does nothing if that is not supported.
  void allocate(Index size);
  /// Makes contents and size durable (fsync); data_sync omits the times. Never retry on the same file after an error:
  /// the kernel may have dropped the data.
  void sync();
  void data_sync();
  void truncate(Index size);
  /// Makes the next read come from the device where the system allows it.
  void drop_cache();
  /// Closes and reports what closing reports; the destructor closes silently.
  void close();

 private:
  File(int descriptor, std::string path, FileSystem& fs) : descriptor_(descriptor), path_(std::move(path)), fs_(&fs) {}

  void require_regular() const;

  int descriptor_ = -1;
  std::string path_;
  FileSystem* fs_ = nullptr;
};

/// A new descriptor (3 or higher) of the process's standard input. Exit::missing_input where it cannot be read, for
/// example because it was closed when the program started.
int duplicate_standard_input();

/// The contents of a regular file. Exit::bad_data if it is longer than `limit` bytes.
std::string read_file(const std::string& path, Index limit, Links links = Links::follow,
                      FileSystem& fs = real_file_system());

/// Replaces or creates `path` so that a crash leaves the old or the new content, never a part of it: writes a temporary
/// file in the same directory, syncs it, renames it and syncs the directory. Removes the temporary file when it throws.
void write_file_atomic(const std::string& path, std::string_view bytes, FileSystem& fs = real_file_system());
/// The name of a file or folder of this process while it is being made, in the directory of `name`. `attempt` counts
/// from 0.
std::string temporary_name(std::string_view name, int attempt);
/// The final name behind a temporary name of any process, or nothing if it is not such a name.
std::optional<std::string_view> temporary_target(std::string_view temporary);

/// Appends "/name" to a directory path.
std::string join_path(const std::string& directory, std::string_view name);

/// "run" for "run/"; "/" stays.
std::string without_trailing_slashes(std::string path);
/// The directory that holds `path` ("." for a bare name).
std::string parent_path(const std::string& path);
/// Whether a name that was read from a file may be opened in the same folder: 1 to 128 of A-Z a-z 0-9 . _ -, not
/// starting with a dot.
bool is_plain_name(std::string_view name);

/// Whether something has this name, dangling links included.
bool path_exists(const std::string& path, FileSystem& fs = real_file_system());
/// Whether it is a directory; links are followed only if asked for.
bool is_directory(const std::string& path, Links links = Links::follow, FileSystem& fs = real_file_system());
/// Whether it is a regular file itself, not a link to one.
bool is_regular_file(const std::string& path, FileSystem& fs = real_file_system());
/// Whether something other than a directory has this name, such as a file or a link to a directory. False if that
/// cannot be found out.
bool leads_elsewhere(const std::string& path, FileSystem& fs = real_file_system());
/// Whether a path leads to the file or directory that is open. False if the path does not exist, nothing if it
/// cannot be found out.
std::optional<bool> names_open_file(const std::string& path, const File& file, FileSystem& fs = real_file_system());
/// The names in a directory, sorted by bytes.
std::vector<std::string> list_directory(const std::string& path, FileSystem& fs = real_file_system());
/// Creates one directory. False if something has this name.
bool make_directory(const std::string& path, FileSystem& fs = real_file_system());
/// Creates a directory and its missing parents, durably. Existing ones are fine.
void make_directories(const std::string& path, FileSystem& fs = real_file_system());
/// Makes creations, renames and removals in a directory durable.
void sync_directory(const std::string& path, FileSystem& fs = real_file_system());
/// Renames and replaces the target. Not durable before sync_directory of the parent.
void rename_path(const std::string& from, const std::string& to, FileSystem& fs = real_file_system());
/// Renames unless the target exists; then returns false. File systems without such a call are checked first, so the
/// caller holds a lock against other writers.
bool rename_no_replace(const std::string& from, const std::string& to, FileSystem& fs = real_file_system());
/// Removes a file; false if it could not be removed.
bool remove_file(const std::string& path, FileSystem& fs = real_file_system()) noexcept;
/// Bytes that this user may still write on the file system of `path`. Exit::io where the system does not say.
Index free_bytes(const std::string& path, FileSystem& fs = real_file_system());

}  // namespace moelm
