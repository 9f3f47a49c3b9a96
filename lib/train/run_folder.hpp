// run/config.json and run/tokenizer.json: what a run is, apart from its checkpoints.
#pragma once

#include <memory>
#include <string>

#include "data/dataset.hpp"
#include "train/config.hpp"

namespace moelm {

/// The data of a run: known by the checksum of index.json, found by the path that was given.
struct RunData {
  std::string directory;
  std::string sha256;
  Index vocabulary = 0;
};

/// A run as its folder tells it.
struct StoredRun {
  RunConfig config;
  RunData data;
};

/// Whether a folder holds a run (its config.json).
bool run_exists(const std::string& run);

/// Reads run/config.json. Error(missing_input) where there is none, Error(bad_config) where it does not fit.
StoredRun read_run(const std::string& run);

/// Writes config.json and tokenizer.json into a new run's folder, created where it is missing.
void create_run(const std::string& run, const RunConfig& config, const Dataset& data);

/// Writes config.json again, after a value that may change did.
void write_run_config(const std::string& run, const StoredRun& stored);

/// Error(bad_config) unless the data are the ones that the run was begun with.
void require_same_data(const std::string& run, const StoredRun& stored, const Dataset& data);

}  // namespace moelm
