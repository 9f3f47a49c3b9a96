// A data folder that appears whole or not at all.
#pragma once

#include <string>

namespace moelm {

/// Files are written to "PATH.partial", which becomes PATH at the end; or, where PATH is there and empty (it may be a
/// volume, which cannot be renamed), to PATH itself, whose index is its last file. The folder is marked while it is
/// unfinished, so that a leftover of an interrupted run is told from a folder of somebody else: the one is cleared of
/// the names that moe-tokenize makes, the other is refused. What was written is removed unless publish() succeeded.
class OutputFolder {
 public:
  /// Error(cannot_create) if `path` is in use, while another process makes it, and where "PATH.partial" holds what
  /// moe-tokenize did not make.
  explicit OutputFolder(const std::string& path);
  ~OutputFolder();
  OutputFolder(const OutputFolder&) = delete;
  OutputFolder& operator=(const OutputFolder&) = delete;

  /// Where to write; the index last.
  const std::string& working_path() const { return working_; }
  /// Gives the folder its name, durably. All files must be synced.
  void publish();

 private:
  bool in_place() const { return working_ == path_; }
  void open_and_lock();
  void clear_leftover();

  std::string path_, working_;
  int descriptor_ = -1;  // holds the lock
  bool published_ = false;
};

}  // namespace moelm
