#include "checkpoint/checkpoint_finder.hpp"

#include <algorithm>
#include <utility>

#include "base/error.hpp"
#include "checkpoint/checkpoint_names.hpp"

namespace moelm {

namespace {

// Only damage justifies an older checkpoint. A later format, a missing permission or exhausted memory can be resolved,
// and an older checkpoint would throw work away.
bool is_damage(Exit exit) { return exit == Exit::bad_data || exit == Exit::missing_input || exit == Exit::io; }

/// Opens a checkpoint of the run's folder, which must not be a link.
Checkpoint open_unlinked(const std::string& path, CheckpointScope scope, FileSystem& fs) {
  if (leads_elsewhere(path, fs)) throw Error(Exit::bad_data, path + ": expected a directory, found a link or a file");
  return Checkpoint::open(path, scope, fs);
}

Checkpoint open_named(const std::string& path, const CheckpointName& name, CheckpointScope scope, FileSystem& fs) {
  Checkpoint checkpoint = open_unlinked(path, scope, fs);
  if (checkpoint.manifest().name != name)
    throw Error(Exit::bad_data, path + "/MANIFEST.json: name: expected " + name.text() + ", found " +
                                    checkpoint.manifest().name.text());
  return checkpoint;
}

/// Tries again once if reading fails, because an older checkpoint would throw work away.
Checkpoint open_patiently(const std::string& path, const CheckpointName& name, CheckpointScope scope, FileSystem& fs) {
  try {
    return open_named(path, name, scope, fs);
  } catch (const Error& error) {
    if (error.exit() != Exit::io) throw;
  }
  return open_named(path, name, scope, fs);
}

/// Whether only files for resuming are missing.
bool is_slim(const std::string& path, FileSystem& fs) {
  try {
    return !files_left_out(path, read_manifest(path, fs), fs).empty();
  } catch (const Error&) {
    return false;
  }
}

/// The result of one search through a run's checkpoints.
struct Search {
  FoundCheckpoint found;
  std::vector<std::string> rejected;
  Exit reason = Exit::bad_data;  // io if one could not be read, because it may be intact
  bool vanished = false;         // one was pruned during the search
  bool all_slim = true;          // the rejected ones lack only files for resuming
};

Search search(const std::string& checkpoints, CheckpointScope scope, FileSystem& fs) {
  Search result;
  for (const CheckpointName& name : checkpoint_names(checkpoints, fs)) {
    const std::string path = join_path(checkpoints, name.text());
    try {
      result.found.checkpoint = open_patiently(path, name, scope, fs);
      return result;
    } catch (const Error& error) {
      if (!is_damage(error.exit())) throw;
      if (!path_exists(path, fs)) {
        result.vanished = true;
        continue;
      }
      result.rejected.push_back(error.what());
      result.all_slim = result.all_slim && is_slim(path, fs);
      if (error.exit() == Exit::io) result.reason = Exit::io;
    }
  }
  return result;
}

void add_once(const std::string& warning, std::vector<std::string>& warnings) {
  if (std::find(warnings.begin(), warnings.end(), warning) == warnings.end()) warnings.push_back(warning);
}

std::string lines(const std::vector<std::string>& reasons) {
  std::string text;
  for (const std::string& reason : reasons) text += "; " + reason;
  return text;
}

}  // namespace

FoundCheckpoint newest_checkpoint(const std::string& run, CheckpointScope scope, FileSystem& fs) {
  const std::string checkpoints = join_path(run, kCheckpointsDirectory);
  Search result = search(checkpoints, scope, fs);
  for (int again = 0; !result.found.checkpoint && result.vanished && again < 10; ++again)
    result = search(checkpoints, scope, fs);
  if (!result.found.checkpoint && !result.rejected.empty() && result.all_slim)
    throw Error(Exit::missing_input,
                checkpoints + ": expected a checkpoint that can be resumed, found none" + lines(result.rejected));
  if (!result.found.checkpoint && !result.rejected.empty())
    throw Error(result.reason, checkpoints + ": expected an intact checkpoint, found none" + lines(result.rejected));
  FoundCheckpoint found = std::move(result.found);
  found.warnings = std::move(result.rejected);
  read_hint(checkpoints, kLatestHint, fs, found.warnings);  // warns if the newest is missing
  return found;
}

FoundCheckpoint best_checkpoint(const std::string& run, CheckpointScope scope, FileSystem& fs) {
  const std::string checkpoints = join_path(run, kCheckpointsDirectory);
  std::vector<std::string> warnings;
  const auto open = [&](const std::string& name) { return open_unlinked(join_path(checkpoints, name), scope, fs); };
  for (int again = 0; again < 10; ++again) {
    const std::optional<CheckpointHint> hint = read_hint(checkpoints, kBestHint, fs, warnings);
    if (!hint) break;
    try {
      return {open(hint->name.text()), warnings};
    } catch (const Error& error) {
      // Training may just have replaced and removed the best checkpoint.
      if (!path_exists(join_path(checkpoints, hint->name.text()), fs)) continue;
      warnings.push_back(error.what());
      break;
    }
  }
  FoundCheckpoint found = newest_checkpoint(run, scope, fs);
  for (const std::string& warning : found.warnings) add_once(warning, warnings);
  found.warnings = std::move(warnings);
  if (!found.checkpoint) return found;
  // The best one that it knows is gone by plan, if a later one was the best.
  const std::string best = found.checkpoint->manifest().best;
  if (!best.empty() && path_exists(join_path(checkpoints, best), fs)) {
    try {
      found.checkpoint = open(best);
    } catch (const Error& error) {
      add_once(error.what(), found.warnings);
    }
  }
  if (!found.warnings.empty()) found.warnings.push_back(found.checkpoint->path() + ": taken in its place");
  return found;
}

bool is_checkpoint(const std::string& path, FileSystem& fs) {
  return path_exists(join_path(path, kManifestFile), fs) || path_exists(join_path(path, kModelFile), fs);
}

FoundCheckpoint find_checkpoint(const std::string& path, WhichCheckpoint which, CheckpointScope scope, FileSystem& fs) {
  if (is_checkpoint(path, fs)) return {Checkpoint::open(path, scope, fs), {}};
  FoundCheckpoint found =
      which == WhichCheckpoint::best ? best_checkpoint(path, scope, fs) : newest_checkpoint(path, scope, fs);
  if (!found.checkpoint)
    throw Error(Exit::missing_input, path + ": expected a run with checkpoints, or a checkpoint, found neither");
  return found;
}

}  // namespace moelm
