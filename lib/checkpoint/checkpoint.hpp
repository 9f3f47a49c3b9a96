// A checkpoint on disk, opened and proven intact: weights, optimizer state, carried state and numbers of one step.
#pragma once

#include <string>

#include "base/index.hpp"
#include "checkpoint/manifest.hpp"
#include "io/json.hpp"
#include "io/safetensors.hpp"

namespace moelm {

/// How much of a checkpoint is wanted: of what is not, only the size is checked where it is there.
enum class CheckpointScope {
  everything,  ///< to go on training
  model,       ///< weights and state.json; what is needed for resuming only may be missing
};

/// state.json of a checkpoint alone, whose bytes are compared with the manifest before they are parsed. Errors as of
/// Checkpoint::open.
Json read_checkpoint_state(const std::string& directory, FileSystem& fs = real_file_system());

/// Knows nothing of the model. The files stay open, so removing the checkpoint meanwhile does no harm. Reading is
/// thread-safe.
class Checkpoint {
 public:
  /// Checks manifest, sizes, checksums and structure. Tensors that are read later are those whose checksums were
  /// compared. Whatever is wrong is Error(bad_data) with file and field;
  /// a format of a later version is Error(bad_config); no such directory Error(missing_input);
  /// neither are the files for resuming, where everything is wanted of a checkpoint that was slimmed.
  static Checkpoint open(const std::string& directory, CheckpointScope scope, FileSystem& fs = real_file_system());

  const std::string& path() const { return path_; }
  const Manifest& manifest() const { return manifest_; }
  const std::string& manifest_sha256() const { return manifest_sha256_; }
  Index step() const { return manifest_.name.step; }
  /// state.json, whose meaning is the trainer's.
  const Json& state() const { return state_; }
  const SafetensorsFile& model() const { return model_; }
  /// NAME.m, NAME.v and the like. REQUIRES CheckpointScope::everything.
  const SafetensorsFile& optimizer() const;
  /// What the layers carry from window to window. REQUIRES CheckpointScope::everything.
  const SafetensorsFile& carried() const;

 private:
  std::string path_;
  Manifest manifest_;
  std::string manifest_sha256_;
  Json state_;
  SafetensorsFile model_, optimizer_, carried_;
  bool complete_ = false;
};

}  // namespace moelm
