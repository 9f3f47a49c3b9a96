// The checkpoints of a run for its writer: going on, saving, pruning.
#pragma once

#include <limits>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "checkpoint/checkpoint_finder.hpp"
#include "checkpoint/checkpoint_writer.hpp"

namespace moelm {

struct SaveOptions {
  bool best = false;  ///< whether this is the best one of the run so far
  Index keep = 3;     ///< newest intact checkpoints to keep, beside the best
  /// The last step whose weights have proven to give finite numbers. The newest checkpoint up to it is kept besides.
  Index sound_step = std::numeric_limits<Index>::max();
};

struct SavedCheckpoint {
  CheckpointName name;
  Index bytes = 0;
  std::vector<std::string> warnings;  ///< what went wrong after the checkpoint was safe, or before a second attempt
  bool prune_again = false;  ///< one more than `keep` stayed because it alone is sound: prune() once the new one is
};

/// The writer of a run's checkpoints, for the process that holds the run's lock. One thread at a time.
class CheckpointStore {
 public:
  /// Creates RUN/checkpoints if needed and removes what interrupted saves left behind.
  explicit CheckpointStore(const std::string& run, FileSystem& fs = real_file_system());

  /// newest_checkpoint with everything, after which saving goes on from there: the best one is the one that it knew.
  FoundCheckpoint resume();

  /// Name of the run's best checkpoint, "" for none.
  const std::string& best() const { return best_; }

  /// Saves one step. On return the checkpoint is durable, whatever happens afterwards. A failure is followed by one
  /// more attempt with new files; then the Error has the bytes wanted and free, and all earlier checkpoints are
  /// untouched. Numbers that are not finite are Error(diverged), nothing being written.
  SavedCheckpoint save(const CheckpointContents& contents, const SaveOptions& options);

  /// Removes checkpoints as save() does at its end, and returns warnings. Of one step only the newest attempt stays.
  /// What cannot be removed, or holds what no save made, stays and is told once; the others are removed all the same.
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
  std::string best_;  // name of the best checkpoint so far, "" for none
  CheckpointName newest_;
  std::vector<std::string> half_removed_;  // folders that were renamed and are still there
  std::vector<std::string> leftovers_;     // what the constructor has to tell
  std::set<std::string> told_;
  FileSystem* fs_;
};

}  // namespace moelm
