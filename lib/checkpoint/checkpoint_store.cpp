#include "checkpoint/checkpoint_store.hpp"

#include <algorithm>
#include <utility>

#include "base/error.hpp"
#include "checkpoint/checkpoint_names.hpp"
#include "checkpoint/checkpoint_removal.hpp"
#include "io/file.hpp"

namespace moelm {

namespace {

constexpr Index kSpareBytes = Index{16} << 20;

// The process that created these folders may have crashed before it synced them. Folders above the run are synced if
// possible: one may be on another file system, or may not be readable.
void sync_folders(const std::string& run, FileSystem& fs) {
  sync_directory(run, fs);
  for (std::string path = run; parent_path(path) != path;) {
    path = parent_path(path);
    try {
      sync_directory(path, fs);
    } catch (const Error&) {
    }
  }
}

// An estimate. If the free space is unknown, writing will show.
bool is_short_of(Index bytes, const std::string& path, FileSystem& fs) {
  try {
    return free_bytes(path, fs) < bytes;
  } catch (const Error&) {
    return false;
  }
}

// Whether a checkpoint looks intact by its manifest and sizes, without reading all of it.
bool looks_intact(const std::string& path, FileSystem& fs) {
  try {
    const Manifest manifest = read_manifest(path, fs);
    for (const ManifestFile& file : manifest.files) open_listed(path, manifest, file.name.c_str(), Checksum::trust, fs);
    return true;
  } catch (const Error&) {
    return false;
  }
}

bool has_manifest(const std::string& path, FileSystem& fs) {
  try {
    read_manifest(path, fs);
    return true;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

CheckpointStore::CheckpointStore(const std::string& run, FileSystem& fs)
    : run_(run), checkpoints_(join_path(run, kCheckpointsDirectory)), fs_(&fs) {
  require_own_directory(checkpoints_, fs);
  make_directories(checkpoints_, fs);
  sync_folders(run_, fs);
  leftovers_ = remove_leftovers(run_, fs);
}

FoundCheckpoint CheckpointStore::resume() {
  FoundCheckpoint found = newest_checkpoint(run_, CheckpointScope::everything, *fs_);
  best_ = found.checkpoint ? found.checkpoint->manifest().best : "";
  found.warnings.insert(found.warnings.end(), leftovers_.begin(), leftovers_.end());
  if (!found.checkpoint) return found;
  newest_ = found.checkpoint->manifest().name;
  repair_best(found.warnings);
  write_hint(kLatestHint, found.checkpoint->manifest().name.text(), found.checkpoint->manifest_sha256(),
             found.warnings);
  return found;
}

void CheckpointStore::repair_best(std::vector<std::string>& warnings) {
  try {
    if (!best_.empty()) {
      const Checkpoint best = Checkpoint::open(join_path(checkpoints_, best_), CheckpointScope::model, *fs_);
      return write_hint(kBestHint, best_, best.manifest_sha256(), warnings);
    }
  } catch (const Error& error) {
    warnings.push_back(error.what());
  }
  // BEST, if there is one, is of a continuation that is lost.
  best_.clear();
  remove_file(join_path(checkpoints_, kBestHint), *fs_);
}

void CheckpointStore::make_room(SaveOptions options, std::vector<std::string>& warnings) {
  const FoundCheckpoint intact = newest_checkpoint(run_, CheckpointScope::everything, *fs_);
  if (!intact.checkpoint) return;
  warnings.push_back(checkpoints_ + ": little room left; only the newest and the best checkpoint are kept");
  options.keep = 1;
  prune_beside(intact.checkpoint->manifest().name, options, warnings);
}

SavedCheckpoint CheckpointStore::save(const CheckpointContents& contents, const SaveOptions& options) {
  require_finite(contents);
  SavedCheckpoint saved;
  saved.bytes = checkpoint_bytes(contents);
  std::string sum;
  try {
    if (is_short_of(saved.bytes + saved.bytes / 10 + kSpareBytes, checkpoints_, *fs_))
      make_room(options, saved.warnings);
  } catch (const Error& error) {
    saved.warnings.push_back(error.what());
  }
  try {
    saved.name = write(contents, options, sum);
  } catch (const Error& error) {
    saved.warnings.push_back(std::string(error.what()) + "; tried again");
    saved.name = write(contents, options, sum);
  }
  // The checkpoint is safe: from here on nothing may throw.
  if (options.best) best_ = saved.name.text();
  write_hint(kLatestHint, saved.name.text(), sum, saved.warnings);
  if (options.best) write_hint(kBestHint, best_, sum, saved.warnings);
  newest_ = saved.name;
  saved.prune_again = prune_beside(saved.name, options, saved.warnings);
  return saved;
}

CheckpointName CheckpointStore::free_name(Index step) const {
  CheckpointName name{step, 0};
  std::set<CheckpointName> taken;
  for (const CheckpointName& other : checkpoint_names(checkpoints_, *fs_)) {
    if (other.step != step) continue;
    taken.insert(other);
    // The new checkpoint has to be newer than every one that a reader may choose. Other entries do not count.
    if (has_manifest(join_path(checkpoints_, other.text()), *fs_))
      name.attempt = std::max(name.attempt, other.attempt + 1);
  }
  while (taken.count(name) > 0) ++name.attempt;
  if (name.attempt <= CheckpointName::kMaxAttempt && step <= CheckpointName::kMaxStep) return name;
  throw Error(Exit::bad_data, checkpoints_ + ": no name is left for a checkpoint of step " + std::to_string(step) +
                                  "; remove what is called step-" + std::to_string(step) + "-... there");
}

CheckpointName CheckpointStore::write(const CheckpointContents& contents, const SaveOptions& options,
                                      std::string& sum) const {
  try {
    const CheckpointName name = free_name(contents.step);
    sum = write_checkpoint(checkpoints_, contents, name, options.best ? name.text() : best_, *fs_);
    return name;
  } catch (const Error& error) {
    std::string room;
    try {
      room = "; wanted " + std::to_string(checkpoint_bytes(contents)) + " bytes, free " +
             std::to_string(free_bytes(checkpoints_, *fs_));
    } catch (const Error&) {
      room = "; wanted " + std::to_string(checkpoint_bytes(contents)) + " bytes";
    }
    throw Error(error.exit(), error.what() + room);
  }
}

void CheckpointStore::write_hint(const char* hint, const std::string& name, const std::string& sum,
                                 std::vector<std::string>& warnings) const {
  try {
    write_file_atomic(join_path(checkpoints_, hint), hint_text(name, sum), *fs_);
  } catch (const Error& error) {
    // No hint is better than one that names a checkpoint about to be removed.
    remove_file(join_path(checkpoints_, hint), *fs_);
    warnings.push_back(error.what());
  }
}

void CheckpointStore::warn_once(const std::string& text, std::vector<std::string>& warnings) {
  if (told_.insert(text).second) warnings.push_back(text);
}

std::vector<std::string> CheckpointStore::prune(const SaveOptions& options) {
  std::vector<std::string> warnings;
  prune_beside(newest_, options, warnings);
  return warnings;
}

// Returns whether an additional checkpoint stayed because no other is sound.
bool CheckpointStore::prune_beside(const CheckpointName& always, const SaveOptions& options,
                                   std::vector<std::string>& warnings) {
  bool more = false;
  try {
    Index kept = 0;
    bool sound = false;
    std::vector<CheckpointName> doomed;
    for (const CheckpointName& name : checkpoint_names(checkpoints_, *fs_)) {
      // Damaged checkpoints stay, so that the user can find out what happened.
      if (name != always && !looks_intact(join_path(checkpoints_, name.text()), *fs_)) continue;
      const bool replaced = name.step == always.step && name != always;
      const bool counted = !replaced && ++kept <= std::max<Index>(options.keep, 1);
      bool stays = counted || name == always || name.text() == best_;
      const bool is_sound = name.step <= options.sound_step && !replaced;
      if (!stays && !sound && is_sound) stays = more = true;
      sound = sound || (stays && is_sound);
      if (!stays) doomed.push_back(name);
    }
    remove(doomed, warnings);
  } catch (const Error& error) {
    warn_once(error.what(), warnings);
  }
  return more;
}

void CheckpointStore::remove(const std::vector<CheckpointName>& doomed, std::vector<std::string>& warnings) {
  for (const CheckpointName& name : doomed) {
    const std::string path = join_path(checkpoints_, name.text());
    try {
      if (const std::string entry = foreign_entry(path, *fs_); !entry.empty()) {
        warn_once(path + ": holds " + entry + ", which is not of a checkpoint; it is not removed", warnings);
        continue;
      }
      const std::string aside = join_path(checkpoints_, name_while_removed(name.text()));
      rename_path(path, aside, *fs_);
      half_removed_.push_back(aside);
    } catch (const Error& error) {
      warn_once(std::string(error.what()) + "; " + path + " stays", warnings);
    }
  }
  if (half_removed_.empty()) return;
  // The new names have to be durable first: a power failure must not leave half a checkpoint under its own name.
  sync_directory(checkpoints_, *fs_);
  std::vector<std::string> left;
  for (const std::string& path : half_removed_) {
    if (remove_checkpoint_folder(path, *fs_)) continue;
    warn_once(path + ": could not be removed", warnings);
    left.push_back(path);
  }
  half_removed_ = std::move(left);
}

}  // namespace moelm
