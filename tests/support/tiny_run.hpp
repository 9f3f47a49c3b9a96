// A run folder with one checkpoint of random weights, as training leaves it.
#pragma once

#include <string>

#include "checkpoint/checkpoint_store.hpp"
#include "model_files/model_store.hpp"
#include "support/new_run.hpp"
#include "support/tiny_data.hpp"

namespace moelm {

/// Makes a run of tiny_model() on a data folder.
inline void put_run(const std::string& run, const std::string& data, StateKind state, std::uint64_t seed = 7) {
  RunConfig config;
  config.model = tiny_model();
  config.train.state = state;
  const Dataset dataset = Dataset::open(data);
  const StoredRun stored = put_new_run(run, config, dataset);
  ModelParameters parameters = random_parameters(config.model, dataset.tokenizer().vocabulary_size(), seed);
  CheckpointContents contents;
  contents.step = 12;
  contents.model = tensor_views(named_tensors(parameters));
  contents.state = {{"run", stored.identity}};
  CheckpointStore(run).save(contents, {.best = true});
}

}  // namespace moelm
