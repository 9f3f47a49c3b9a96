// Output to a file whose name a user typed: a typing error never destroys a file of another kind.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "io/file.hpp"

namespace moelm {

/// How an earlier output of ours is recognised: by its beginning, and by a text in its first or last 64 KiB.
struct OutputKind {
  std::string_view name;  ///< for messages: "a page of moe-stats"
  std::string_view begins;
  std::string_view holds;
};

/// Writes to a typed path. A regular file appears complete under its name when finish() returns, or not at all. It may
/// replace an earlier output of the same kind or an empty file. Links are followed. Pipes, character devices and the
/// files behind standard output and standard error are written to directly.
class OutputFile {
 public:
  /// Checks the path and creates nothing. Error(cannot_create) if a file of another kind has this name (unless
  /// `force` is set), or a folder, or a dangling link, or where the parent folder is missing.
  OutputFile(std::string path, const OutputKind& kind, bool force, FileSystem& fs = real_file_system());
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  const std::string& path() const { return path_; }
  /// Appends to the output. Some bytes may stay in memory until finish().
  void write(std::string_view bytes);
  /// Gives the file its name, durably.
  void finish();

 private:
  void find_target(const OutputKind& kind, bool force);
  void flush();
  void write_stream(std::string_view bytes);
  void open_stream();

  FileSystem& fs_;
  std::string path_;
  std::string target_;     ///< what is replaced or created: path_ with links followed; empty for a stream
  bool replaces_ = false;  ///< something is there that may be replaced
  int copied_ = -1;        ///< a standard descriptor that the path is another name of
  int stream_ = -1;
  std::string temporary_;
  std::optional<File> file_;
  std::string waiting_;
};

}  // namespace moelm
