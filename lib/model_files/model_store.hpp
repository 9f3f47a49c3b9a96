// A model between memory and checkpoints: weights, moments and carried state under their names.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "checkpoint/checkpoint_store.hpp"
#include "io/safetensors.hpp"
#include "model/parameters.hpp"
#include "run/run_folder.hpp"
#include "tokenizer/tokenizer.hpp"

namespace moelm {

/// Reads every named tensor from a file. Error(bad_config) naming the first tensor that the file lacks or holds in
/// another shape, or that the model does not have.
void load_tensors(const SafetensorsFile& file, const std::vector<NamedTensor>& tensors);

/// Views of tensors for writing.
std::vector<TensorView> tensor_views(const std::vector<NamedTensor>& tensors);

/// Reads one tensor of this name, type and shape to `out`. Error(bad_config) where the file has another.
void load_tensor(const SafetensorsFile& file, const std::string& name, TensorType type, const std::vector<Index>& shape,
                 void* out);

/// A trained model ready to be used, and where it came from.
struct LoadedModel {
  StoredRun run;
  std::shared_ptr<const Tokenizer> tokenizer;
  ModelParameters parameters;
  std::string checkpoint;  ///< path of the checkpoint
  Index step = 0;
  std::vector<std::string> warnings;  ///< checkpoints that were passed over
};

/// Loads a run's best checkpoint, or the newest where there is no best, or the checkpoint folder given. Writes nothing.
/// Error(missing_input) where there is none.
LoadedModel load_model(const std::string& path);

}  // namespace moelm
