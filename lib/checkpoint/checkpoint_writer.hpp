// Writes one checkpoint so that it is there whole or not at all.
#pragma once

#include <string>
#include <vector>

#include "base/index.hpp"
#include "checkpoint/manifest.hpp"
#include "io/json.hpp"
#include "io/safetensors.hpp"

namespace moelm {

/// What a checkpoint is made of. The memory of the tensors must not change while it is being written.
struct CheckpointContents {
  Index step = 0;
  std::vector<TensorView> model, optimizer, carried;
  Json state = Json::object();
};

/// Bytes on disk.
Index checkpoint_bytes(const CheckpointContents& contents);

/// Refuses numbers that are not finite: Error(diverged) naming tensor and element.
void require_finite(const CheckpointContents& contents);

/// Writes the files into a directory beside, with checksums taken from memory on the way, syncs them, reads them back
/// and compares, writes the manifest last, syncs, renames without replacing, syncs `checkpoints`: only then returns,
/// with the checksum of the manifest. When it throws, nothing of that name exists (unless the very last sync failed,
/// and then it is whole) and nothing is left beside.
std::string write_checkpoint(const std::string& checkpoints, const CheckpointContents& contents,
                             const CheckpointName& name, const std::string& best, FileSystem& fs);

}  // namespace moelm
