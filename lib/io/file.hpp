// Files that are closed when they go out of scope, whole reads and writes, atomic replacement, directories.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/index.hpp"
#include "io/file_system.hpp"

namespace moelm {

/// Whether the last part of a path may be a symbolic link. Names that come out of a file are opened with `refuse`.
enum class Links { follow, refuse };

/// An open file. Every function throws Error with path and operation; interrupted calls and short counts are handled
/// here. Movable, not copyable; one thread at a time, except read_at, which any number of threads may call.
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
  /// Creates a file that must not exist, for writing; mode 0666 less the umask. Exit::cannot_create where it exists.
  static File create(const std::string& path, FileSystem& fs = real_file_system());
  /// Opens or creates a regular file for appending; anything else is refused with Exit::bad_data, and never waited for.
  static File open_append(const std::string& path, FileSystem& fs = real_file_system());
  /// Holds a directory, so that names_open_file can tell whether a path still leads to it. Nothing can be read from it.
  static File open_directory(const std::string& path, FileSystem& fs = real_file_system());
  /// A duplicate of the process's standard input, called "standard input" in messages; need not be a regular file.
  static File standard_input(FileSystem& fs = real_file_system());

  bool is_open() const { return descriptor_ >= 0; }
  int descriptor() const { return descriptor_; }
  const std::string& path() const { return path_; }
  /// Present size in bytes.
  Index size() const;

  /// Reads up to `count` bytes from the current position; 0 at the end of the file only.
  std::size_t read_some(void* bytes, std::size_t count);
  /// Reads exactly `count` bytes at `offset`, without moving the position; Exit::bad_data if the file ends before.
  void read_at(Index offset, void* bytes, std::size_t count) const;
  /// Writes all bytes at the current position.
  void write_all(const void* bytes, std::size_t count);
  void write_all(std::string_view bytes) { write_all(bytes.data(), bytes.size()); }
  /// Reserves room for `size` bytes, so that a full disk is known early; goes on where that is not supported.
  void allocate(Index size);
  /// Makes contents and size durable (fsync); data_sync leaves the times out. Never retry on the same file after an
  /// error: the kernel may have dropped the data.
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

/// A new descriptor, 3 or greater, of the process's standard input. Exit::missing_input where it cannot be read, as
/// when it was closed at the start.
int duplicate_standard_input();

/// The whole of a regular file. Exit::bad_data if it is longer than `limit` bytes.
std::string read_file(const std::string& path, Index limit, Links links = Links::follow,
                      FileSystem& fs = real_file_system());

/// Replaces or creates `path` so that after a crash there is the old or the new content, never a part: writes a
/// temporary file beside it, syncs, renames, syncs the directory. Leaves no temporary file behind when it throws.
void write_file_atomic(const std::string& path, std::string_view bytes, FileSystem& fs = real_file_system());
/// What this process calls a file or folder `name` while it is being made, beside where it will be; `attempt` from 0.
std::string temporary_name(std::string_view name, int attempt);
/// The name that such a temporary name stands for; nothing unless it is exactly one, of any process.
std::optional<std::string_view> temporary_target(std::string_view temporary);

/// Appends "/name" to a directory path.
std::string join_path(const std::string& directory, std::string_view name);
/// The directory that holds `path` ("." for a bare name).
std::string parent_path(const std::string& path);
/// Whether a name out of a file may be opened beside that file: 1 to 128 of A-Z a-z 0-9 . _ -, not starting with a dot.
bool is_plain_name(std::string_view name);

/// Whether something is there, dangling links included.
bool path_exists(const std::string& path, FileSystem& fs = real_file_system());
/// Whether it is a directory; links are followed only if asked for.
bool is_directory(const std::string& path, Links links = Links::follow, FileSystem& fs = real_file_system());
/// Whether it is a regular file itself, not a link to one.
bool is_regular_file(const std::string& path, FileSystem& fs = real_file_system());
/// Whether something is there that is no directory itself: a link to one, a file. What cannot be looked at is not known
/// to be.
bool leads_elsewhere(const std::string& path, FileSystem& fs = real_file_system());
/// Whether a path leads to the very file or directory that is open; nothing where that cannot be found out. False where
/// nothing is there.
std::optional<bool> names_open_file(const std::string& path, const File& file, FileSystem& fs = real_file_system());
/// Names in a directory, sorted by bytes.
std::vector<std::string> list_directory(const std::string& path, FileSystem& fs = real_file_system());
/// Creates one directory that must not exist: false if something of that name is there.
bool make_directory(const std::string& path, FileSystem& fs = real_file_system());
/// Creates a directory and its missing parents, durably; those that exist are fine.
void make_directories(const std::string& path, FileSystem& fs = real_file_system());
/// Makes creations, renames and removals in a directory durable.
void sync_directory(const std::string& path, FileSystem& fs = real_file_system());
/// Renames, replacing what is there. Not durable before sync_directory of the parent.
void rename_path(const std::string& from, const std::string& to, FileSystem& fs = real_file_system());
/// Renames unless something is there, then false. Where the file system cannot do both at once it checks first, so
/// the caller holds a lock against other writers.
bool rename_no_replace(const std::string& from, const std::string& to, FileSystem& fs = real_file_system());
/// Removes a file; false if it could not be removed.
bool remove_file(const std::string& path, FileSystem& fs = real_file_system()) noexcept;
/// Removes a directory and the files in it, not deeper; false if anything is left.
bool remove_flat_directory(const std::string& path, FileSystem& fs = real_file_system());
/// Bytes that this user may still write on the file system of `path`; Exit::io where it does not say.
Index free_bytes(const std::string& path, FileSystem& fs = real_file_system());

}  // namespace moelm
