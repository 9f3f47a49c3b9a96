// A file whose name a user typed: nothing that is not ours is lost because of a slip.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "io/file.hpp"

namespace moelm {

/// How a kind of output of ours is recognised: what it begins with, and what stands somewhere in its first or last 64
/// KiB.
struct OutputKind {
  std::string_view name;  ///< for messages: "a page of moe-stats"
  std::string_view begins;
  std::string_view holds;
};

/// Writes to a typed path. A new file, and one that replaces an earlier output of the same kind or an empty file,
/// appears whole under its name when finish() returns, or not at all. Links are followed. Pipes, character devices and
/// what standard output or standard error is are written into as they are.
class OutputFile {
 public:
  /// Looks at the path and creates nothing yet. Error(cannot_create) where a file is there that is not of this kind,
  /// unless `force` is set; where a folder or a link that leads nowhere is there; or where the folder is missing.
  OutputFile(std::string path, const OutputKind& kind, bool force, FileSystem& fs = real_file_system());
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  const std::string& path() const { return path_; }
  /// Adds to the output; what was written may wait in memory for finish().
  void write(std::string_view bytes);
  /// Puts the file in its place, durably.
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
