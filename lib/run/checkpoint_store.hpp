// The checkpoints of a run for its writer: going on, saving, pruning.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "run/checkpoint_finder.hpp"
#include "run/checkpoint_writer.hpp"

namespace moelm {

struct SaveOptions {
  bool best = false;  ///< whether this is the best one of the run so far
  Index keep = 3;     ///< newest intact checkpoints to keep, beside the best
};

struct SavedCheckpoint {
  CheckpointName name;
  Index bytes = 0;
  std::vector<std::string> warnings;  ///< what went wrong after the checkpoint was safe, or before a second attempt
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

 private:
  void repair_best(std::vector<std::string>& warnings);
  void make_room(std::vector<std::string>& warnings) const;
  CheckpointName free_name(Index step) const;
  CheckpointName write(const CheckpointContents& contents, const SaveOptions& options, std::string& sum) const;
  void write_hint(const char* hint, const std::string& name, const std::string& sum,
                  std::vector<std::string>& warnings) const;
  void prune(Index keep, const CheckpointName& always, std::vector<std::string>& warnings) const;

  std::string run_;
  std::string checkpoints_;
  std::string best_;  // name of the best checkpoint so far, "" for none
  FileSystem* fs_;
};

}  // namespace moelm
