#include "run/run_claim.hpp"

#include <exception>

#include "checkpoint/checkpoint_names.hpp"
#include "io/file.hpp"
#include "io/file_names.hpp"
#include "run/run_folder.hpp"

namespace moelm {

namespace {

/// The files that the start of a run creates, in the order of removal. A folder without config.json is not a run.
constexpr std::string_view kCreatedFiles[] = {kConfigFile, kTokenizerFile, kVocabularyFile, kMetricsFile};

/// Folders that do not exist yet, innermost first.
std::vector<std::string> missing_folders(std::string path, FileSystem& fs) {
  std::vector<std::string> missing;
  for (; !path_exists(path, fs); path = parent_path(path)) {
    missing.push_back(path);
    if (parent_path(path) == path) break;
  }
  return missing;
}

}  // namespace

RunClaim::RunClaim(const std::string& run, RunLock::Foreign foreign, FileSystem& fs)
    : run_(run),
      fs_(&fs),
      created_folders_(missing_folders(run, fs)),
      had_lock_(path_exists(join_path(run, ".lock"), fs)) {
  try {
    make_directories(run, fs);
    lock_.emplace(RunLock::acquire(run, foreign, fs));
  } catch (...) {
    remove_folders();
    throw;
  }
  files_.emplace(*lock_, fs);
  begins_ = !run_exists(run);
  for (const std::string_view name : kCreatedFiles)
    if (!path_exists(join_path(run, name), fs)) absent_.emplace_back(name);
  if (!path_exists(join_path(run, kCheckpointsDirectory), fs)) absent_.emplace_back(kCheckpointsDirectory);
}

RunClaim::~RunClaim() {
  try {
    if (begins_ && !kept_) undo();
  } catch (const std::exception&) {
    // What cannot be examined stays.
  }
}

void RunClaim::undo() {
  const std::string checkpoints = join_path(run_, kCheckpointsDirectory);
  if (!lock_->is_held() || !checkpoint_names(checkpoints, *fs_).empty()) return;
  for (const std::string& name : absent_)
    if (name == kCheckpointsDirectory)
      files_->rmdir(checkpoints.c_str());
    else
      remove_file(join_path(run_, name), *files_);
  if (!had_lock_) lock_->remove_lock_file();
  remove_folders();
}

/// Removes the created folders that are empty again.
void RunClaim::remove_folders() {
  for (const std::string& folder : created_folders_) fs_->rmdir(folder.c_str());
}

}  // namespace moelm
