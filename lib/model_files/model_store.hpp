// Moves the tensors of a model between memory and checkpoints.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "checkpoint/checkpoint_store.hpp"
#include "dist/local_ranks.hpp"
#include "io/safetensors.hpp"
#include "model/parameters.hpp"
#include "run/run_folder.hpp"
#include "tokenizer/tokenizer.hpp"

namespace moelm {

/// Reads every named tensor from a file. Error(bad_config) names the first tensor that the file lacks, holds in another
/// shape, or has in addition. The leader of several ranks sends each tensor to the ranks that have it.
void load_tensors(const SafetensorsFile& file, const std::vector<NamedTensor>& tensors, Communicator* ranks = nullptr);

/// Views of the tensors for writing. A tensor of another rank is fetched when it is written.
std::vector<TensorView> tensor_views(const std::vector<NamedTensor>& tensors, Communicator* ranks = nullptr);

/// Reads one tensor into `out`. Error(bad_config) unless the file has it with this type and shape.
void load_tensor(const SafetensorsFile& file, const std::string& name, TensorType type, const std::vector<Index>& shape,
                 void* out);

/// The same for a named tensor, wherever it is.
void load_tensor(const SafetensorsFile& file, const NamedTensor& tensor, Communicator* ranks);

/// A trained model, ready for use, and where it came from.
struct LoadedModel {
  std::string folder;  ///< of the run
  StoredRun run;
  std::shared_ptr<const Tokenizer> tokenizer;
  ModelParameters parameters;
  std::string checkpoint;  ///< path of the checkpoint
  Index step = 0;
  std::vector<std::string> warnings;  ///< checkpoints that were skipped
};

/// Loads the best checkpoint of a run, else the newest, or loads the given checkpoint. Writes nothing.
/// Error(missing_input) if there is none. With several ranks, the followers get their parts of the model and compute
/// with the same `products`, each with `threads` threads (0: each rank chooses).
LoadedModel load_model(const std::string& path, Communicator& ranks = alone(), DataType products = DataType::f32,
                       int threads = 0);

}  // namespace moelm
