#include "checkpoint/disk_plan.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "checkpoint/checkpoint_names.hpp"
#include "io/file.hpp"

namespace moelm {

namespace {

/// Headers, the manifest, and unused parts of file system blocks.
constexpr Index kManifestAllowance = Index{64} << 10;

std::string nearest_existing(std::string path, FileSystem& fs) {
  while (!path_exists(path, fs) && parent_path(path) != path) path = parent_path(path);
  return path;
}

Index bytes_of_checkpoints(const std::string& run, FileSystem& fs) {
  const std::string checkpoints = join_path(run, kCheckpointsDirectory);
  Index bytes = 0;
  for (const CheckpointName& name : checkpoint_names(checkpoints, fs)) {
    const std::string path = join_path(checkpoints, name.text());
    for (const std::string& file : list_directory(path, fs)) {
      struct stat status {};
      if (fs.lstat(join_path(path, file).c_str(), &status) == 0) bytes += static_cast<Index>(status.st_size);
    }
  }
  return bytes;
}

}  // namespace

DiskPlan plan_disk(const std::string& run, Index checkpoint_bytes, Index keep, bool validates, FileSystem& fs) {
  DiskPlan plan;
  plan.checkpoint = checkpoint_bytes + kManifestAllowance;
  const Index best = validates ? 1 : 0;
  plan.max_copies = std::max<Index>(keep, 1) + best + 1;
  plan.min_copies = 1 + best + 1;
  try {
    plan.room = free_bytes(nearest_existing(run, fs), fs) + bytes_of_checkpoints(run, fs);
  } catch (const Error&) {
    // The plan is only advice. A save will show.
  }
  return plan;
}

}  // namespace moelm
