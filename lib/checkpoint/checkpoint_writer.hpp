// Writes one checkpoint: completely or not at all.
#pragma once

#include <string>
#include <vector>

#include "base/index.hpp"
#include "checkpoint/manifest.hpp"
#include "io/json.hpp"
#include "io/safetensors.hpp"

namespace moelm {

/// The contents of a checkpoint. The tensors must not change while they are written.
struct CheckpointContents {
  Index step = 0;
  std::vector<TensorView> model, optimizer, carried;
  Json state = Json::object();
};

/// Bytes on disk.
Index checkpoint_bytes(const CheckpointContents& contents);

/// Error(diverged) with tensor and element if a number is not finite.
void require_finite(const CheckpointContents& contents);

/// Returns the checksum of the manifest once the checkpoint is durable. The steps:
/// 1. Write the files into a temporary directory, with checksums computed from memory, and sync them.
/// 2. Read them back and compare. Write the manifest last, and sync the directory.
/// 3. Rename the directory without replacing another, and sync `checkpoints`.
/// If it throws, no checkpoint of that name exists (unless only the last sync failed: then it is complete), and the
/// temporary directory is removed.
std::string write_checkpoint(const std::string& checkpoints, const CheckpointContents& contents,
                             const CheckpointName& name, const std::string& best, FileSystem& fs);

}  // namespace moelm
