#include "run/checkpoint_store.hpp"

#include <algorithm>
#include <string_view>

#include "base/error.hpp"
#include "io/file.hpp"
#include "run/checkpoint_names.hpp"

namespace moelm {

namespace {

constexpr std::string_view kTemporary = ".tmp-";
constexpr Index kSpare = Index{16} << 20;

void sweep(const std::string& directory, FileSystem& fs) {
  for (const std::string& name : list_directory(directory, fs)) {
    if (name.substr(0, kTemporary.size()) != kTemporary) continue;
    const std::string path = join_path(directory, name);
    if (is_directory(path, Links::refuse, fs))
      remove_flat_directory(path, fs);
    else
      remove_file(path, fs);
  }
}

// A process that died may have made these folders and not have made them durable. Those above the run's are synced as
// far as they can be: one may lie on another file system, or may be entered but not read.
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

// An estimate only: where it cannot be had, writing will tell.
bool is_short_of(Index bytes, const std::string& path, FileSystem& fs) {
  try {
    return free_bytes(path, fs) < bytes;
  } catch (const Error&) {
    return false;
  }
}

// Whether manifest and sizes say that a checkpoint is intact, without reading all of it.
bool looks_intact(const std::string& path, FileSystem& fs) {
  try {
    const Manifest manifest = read_manifest(path, fs);
    for (const ManifestFile& file : manifest.files) open_listed(path, manifest, file.name.c_str(), Checksum::trust, fs);
    return true;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

CheckpointStore::CheckpointStore(const std::string& run, FileSystem& fs)
    : run_(run), checkpoints_(join_path(run, kCheckpointsDirectory)), fs_(&fs) {
  make_directories(checkpoints_, fs);
  sync_folders(run_, fs);
  sweep(run_, fs);
  sweep(checkpoints_, fs);
}

FoundCheckpoint CheckpointStore::resume() {
  FoundCheckpoint found = newest_checkpoint(run_, CheckpointScope::everything, *fs_);
  best_ = found.checkpoint ? found.checkpoint->manifest().best : "";
  if (!found.checkpoint) return found;
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

void CheckpointStore::make_room(std::vector<std::string>& warnings) const {
  const FoundCheckpoint intact = newest_checkpoint(run_, CheckpointScope::everything, *fs_);
  if (!intact.checkpoint) return;
  warnings.push_back(checkpoints_ + ": little room left; only the newest and the best checkpoint are kept");
  prune(1, intact.checkpoint->manifest().name, warnings);
}

SavedCheckpoint CheckpointStore::save(const CheckpointContents& contents, const SaveOptions& options) {
  require_finite(contents);
  SavedCheckpoint saved;
  saved.bytes = checkpoint_bytes(contents);
  std::string sum;
  try {
    if (is_short_of(saved.bytes + saved.bytes / 10 + kSpare, checkpoints_, *fs_)) make_room(saved.warnings);
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
  prune(options.keep, saved.name, saved.warnings);
  return saved;
}

CheckpointName CheckpointStore::free_name(Index step) const {
  CheckpointName name{step, 0};
  for (const CheckpointName& taken : checkpoint_names(checkpoints_, *fs_))
    if (taken.step == step) name.attempt = std::max(name.attempt, taken.attempt + 1);
  return name;
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
    // Rather no hint than one that names what is about to be removed.
    remove_file(join_path(checkpoints_, hint), *fs_);
    warnings.push_back(error.what());
  }
}

void CheckpointStore::prune(Index keep, const CheckpointName& always, std::vector<std::string>& warnings) const {
  try {
    Index kept = 0;
    std::vector<std::string> doomed;
    for (const CheckpointName& name : checkpoint_names(checkpoints_, *fs_)) {
      const std::string path = join_path(checkpoints_, name.text());
      if (name != always && !looks_intact(path, *fs_)) continue;  // left for whoever wants to know what happened
      if (++kept <= std::max<Index>(keep, 1) || name == always || name.text() == best_) continue;
      doomed.push_back(join_path(checkpoints_, std::string(kTemporary) + "del-" + name.text()));
      rename_path(path, doomed.back(), *fs_);
    }
    if (doomed.empty()) return;
    // Only once the new names are durable: a power failure must not leave half a checkpoint under its own name.
    sync_directory(checkpoints_, *fs_);
    for (const std::string& path : doomed)
      if (!remove_flat_directory(path, *fs_)) warnings.push_back(path + ": could not be removed");
  } catch (const Error& error) {
    warnings.push_back(error.what());
  }
}

}  // namespace moelm
