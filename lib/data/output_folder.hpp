// A data folder that appears complete or not at all.
#pragma once

#include <string>

namespace moelm {

/// Files are written to "PATH.partial", which becomes PATH at the end. If PATH exists and is empty (it may be a volume,
/// which cannot be renamed), they are written to PATH itself, the index last. A marker file tells an unfinished folder
/// of ours from a folder of somebody else: the first is cleared of the names that moe-tokenize makes, the second is
/// refused. The destructor removes what was written unless publish() succeeded.
class OutputFolder {
 public:
  /// Error(cannot_create) if `path` is in use, if another process makes it, or if "PATH.partial" holds files that
  /// moe-tokenize does not make.
  explicit OutputFolder(const std::string& path);
  ~OutputFolder();
  OutputFolder(const OutputFolder&) = delete;
  OutputFolder& operator=(const OutputFolder&) = delete;

  /// Where to write; the index last.
  const std::string& working_path() const { return working_; }
  /// Gives the folder its name, durably. REQUIRES synced files.
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
