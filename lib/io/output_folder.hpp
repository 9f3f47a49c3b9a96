// A folder of files that appears complete or not at all.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace moelm {

/// What a program writes into a folder.
struct FolderKind {
  std::string_view program;                ///< for messages
  std::string_view last;                   ///< the file that is written last: with it the folder is complete
  bool (*is_ours)(std::string_view name);  ///< whether the program gives this name to a file

  /// Whether a file of this name in "PATH.partial" shows, even without the marker, who made the folder; may be null.
  bool (*is_telling)(std::string_view name) = nullptr;
};

/// Files are written to "PATH.partial", which becomes PATH at the end. If PATH exists and is empty (it may be a volume,
/// which cannot be renamed), they are written to PATH itself. A marker file tells an unfinished folder of ours from a
/// foreign folder: the first is cleared of the names that the program makes, the second is refused. The
/// destructor removes what was written unless publish() succeeded.
class OutputFolder {
 public:
  /// Error(cannot_create) if `path` is in use, if another process makes it, or if "PATH.partial" holds files that the
  /// program does not make. `kind` must outlive this.
  OutputFolder(const std::string& path, const FolderKind& kind);
  ~OutputFolder();
  OutputFolder(const OutputFolder&) = delete;
  OutputFolder& operator=(const OutputFolder&) = delete;

  /// Where to write; the last file last.
  const std::string& working_path() const { return working_; }
  /// Gives the folder its name, durably. REQUIRES synced files.
  void publish();

 private:
  bool in_place() const { return working_ == path_; }
  void open_and_lock();
  void clear_leftover();
  bool is_our_name(std::string_view name) const;
  bool is_free(const std::vector<std::string>& names) const;
  bool is_free_partial(const std::vector<std::string>& names) const;
  void remove_our_files() const;

  const FolderKind& kind_;
  std::string path_, working_;
  int descriptor_ = -1;  // holds the lock
  bool published_ = false;
};

}  // namespace moelm
