// A folder that appears whole or not at all.
#pragma once

#include <string>

namespace moelm {

/// Files are written to "PATH.partial", which becomes PATH at the end. A leftover of an interrupted run is cleared; one
/// that another process is writing is refused. What was written is removed unless publish() succeeded.
class OutputFolder {
 public:
  /// Error(cannot_create) if `path` is there (an empty folder is fine), or while another process makes it.
  explicit OutputFolder(const std::string& path);
  ~OutputFolder();
  OutputFolder(const OutputFolder&) = delete;
  OutputFolder& operator=(const OutputFolder&) = delete;

  /// Where to write.
  const std::string& working_path() const { return partial_; }
  /// Gives the folder its name, durably. All files must be synced.
  void publish();

 private:
  void open_and_lock();

  std::string path_, partial_;
  int descriptor_ = -1;  // holds the lock
  bool published_ = false;
};

}  // namespace moelm
