// The checkpoints of a run for its writer: resuming, saving, pruning.
#pragma once

#include <limits>
#include <set>
#include <string>
#include <vector>

#include "checkpoint/checkpoint_finder.hpp"
#include "checkpoint/checkpoint_writer.hpp"

namespace moelm {

struct SaveOptions {
  bool best = false;  ///< whether this is the best checkpoint of the run so far
  Index keep = 3;     ///< newest intact checkpoints to keep, beside the best
  /// The last step whose weights are known to give finite numbers. The newest checkpoint up to it is kept as well.
  Index sound_step = std::numeric_limits<Index>::max();
};

struct SavedCheckpoint {
  CheckpointName name;
  Index bytes = 0;
  std::vector<std::string> warnings;  ///< problems after the checkpoint was safe, or before a second attempt
  bool prune_again = false;  ///< an older checkpoint stayed because it alone is sound: call prune() once this one is
};

/// Writes a run's checkpoints, in the process that holds the run's lock. Not thread-safe.
class CheckpointStore {
 public:
  /// Creates RUN/checkpoints if needed and removes what interrupted saves left behind.
  explicit CheckpointStore(const std::string& run, FileSystem& fs = real_file_system());

  /// The newest intact checkpoint. Saving then continues from it, and the best checkpoint is the one it names.
  FoundCheckpoint resume();

  /// Name of the run's best checkpoint, or "".
  const std::string& best() const { return best_; }

  /// Saves one step. On return the checkpoint is durable. If saving fails, it is tried once more with new files. If
  /// that fails too, the Error states the bytes needed and free, and all earlier checkpoints are untouched. Numbers
  /// that are not finite are Error(diverged), and nothing is written.
  SavedCheckpoint save(const CheckpointContents& contents, const SaveOptions& options);

  /// Removes checkpoints as save() does at its end, and returns warnings. Of each step only the newest attempt stays.
  /// A checkpoint that cannot be removed or holds a foreign file stays, with one warning; the others are still removed.
  std::vector<std::string> prune(const SaveOptions& options);

 private:
  void repair_best(std::vector<std::string>& warnings);
  void make_room(SaveOptions options, std::vector<std::string>& warnings);
  CheckpointName free_name(Index step) const;
  CheckpointName write(const CheckpointContents& contents, const SaveOptions& options, std::string& sum) const;
  void write_hint(const char* hint, const std::string& name, const std::string& sum,
                  std::vector<std::string>& warnings) const;
  bool prune_beside(const CheckpointName& always, const SaveOptions& options, std::vector<std::string>& warnings);
  void remove(const std::vector<CheckpointName>& doomed, std::vector<std::string>& warnings);
  void warn_once(const std::string& text, std::vector<std::string>& warnings);

  std::string run_;
  std::string checkpoints_;
  std::string best_;  // name of the best checkpoint so far, or ""
  CheckpointName newest_;
  std::vector<std::string> half_removed_;  // folders that were renamed and still exist
  std::vector<std::string> leftovers_;     // warnings of the constructor
  std::set<std::string> told_;             // warnings given so far
  FileSystem* fs_;
};

}  // namespace moelm
