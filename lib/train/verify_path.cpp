#include "train/verify_path.hpp"

#include <cerrno>
#include <functional>
#include <string_view>

#include "base/error.hpp"
#include "data/dataset.hpp"
#include "data/tokenizer_file.hpp"
#include "io/file.hpp"
#include "run/checkpoint_finder.hpp"
#include "run/checkpoint_names.hpp"
#include "run/verify.hpp"
#include "train/run_folder.hpp"

namespace moelm {

namespace {

using Faults = std::vector<std::string>;

void collect(Faults& faults, const std::function<void()>& check) {
  try {
    check();
  } catch (const Error& error) {
    faults.push_back(error.what());
  }
}

bool has(const std::string& directory, std::string_view name) { return path_exists(join_path(directory, name)); }

Faults whole_run_faults(const std::string& run) {
  Faults faults = run_faults(run);
  collect(faults, [&] { read_run(run); });
  collect(faults, [&] { load_tokenizer(run); });
  return faults;
}

// A file of a folder that is checked as a whole is checked with it: its checksum is elsewhere in the folder.
VerifiedPath verify_file(const std::string& path) {
  VerifiedPath result{path, "file", {}};
  const std::string folder = parent_path(path);
  const std::string name = path.substr(path.find_last_of('/') + 1);
  if (has(folder, kManifestFile))
    result.faults = checkpoint_faults(folder);
  else if (name == kIndexFile || name.ends_with(".shard"))
    result.faults = verify_dataset(folder);
  else if (name == kTokenizerFile)
    collect(result.faults, [&] { load_tokenizer(path); });
  else
    result.faults = file_faults(path);
  return result;
}

}  // namespace

VerifiedPath verify_path(const std::string& path) {
  if (!path_exists(path)) throw_errno(ENOENT, Exit::missing_input, path, "open");
  if (!is_directory(path)) return verify_file(path);
  if (is_checkpoint(path)) return {path, "checkpoint", checkpoint_faults(path)};
  if (has(path, kCheckpointsDirectory) || run_exists(path)) return {path, "run", whole_run_faults(path)};
  if (has(path, kIndexFile) || has(path, kTokenizerFile)) return {path, "data", verify_dataset(path)};
  return {path, "unknown", {path + ": expected a run, a checkpoint or a data folder, found none of their files"}};
}

}  // namespace moelm
