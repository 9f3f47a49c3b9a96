// A checkpoint on disk, opened and verified: weights, optimizer state, carried state and progress of one step.
#pragma once

#include <string>

#include "base/index.hpp"
#include "checkpoint/manifest.hpp"
#include "io/json.hpp"
#include "io/safetensors.hpp"

namespace moelm {

/// Which parts of a checkpoint are read. Of the others only the size is checked, if they exist.
enum class CheckpointScope {
  everything,  ///< to resume training
  model,       ///< weights and state.json; files that only resuming needs may be missing
};

/// Reads state.json alone. Its bytes are compared with the manifest before they are parsed. Throws the errors of
/// Checkpoint::open.
Json read_checkpoint_state(const std::string& directory, FileSystem& fs = real_file_system());

/// Knows nothing of the model. The files stay open, so the checkpoint may be removed meanwhile. Reading is thread-safe.
class Checkpoint {
 public:
  /// Checks manifest, sizes and checksums, then structure. Tensors that are read later are those whose checksums were
  /// compared. Error(bad_data) with file and field for damage, Error(bad_config) for a format of a later version, and
  /// Error(missing_input) if there is no such directory, or if everything is asked of a checkpoint whose files for
  /// resuming were removed.
  static Checkpoint open(const std::string& directory, CheckpointScope scope, FileSystem& fs = real_file_system());

  const std::string& path() const { return path_; }
  const Manifest& manifest() const { return manifest_; }
  const std::string& manifest_sha256() const { return manifest_sha256_; }
  Index step() const { return manifest_.name.step; }
  /// state.json. The trainer knows its meaning.
  const Json& state() const { return state_; }
  const SafetensorsFile& model() const { return model_; }
  /// NAME.m, NAME.v and the like. REQUIRES CheckpointScope::everything.
  const SafetensorsFile& optimizer() const;
  /// The recurrent state that layers carry from window to window. REQUIRES CheckpointScope::everything.
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
