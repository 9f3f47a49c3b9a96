// The data folder of a run: where it is, and whether data and run belong together.
#pragma once

#include <optional>
#include <string>

#include "data/dataset.hpp"
#include "run/run_folder.hpp"

namespace moelm {

/// What data must have in common with a run.
enum class DataMatch {
  same_data,    ///< exactly the data that the run began with: it continues on nothing else
  same_tokens,  ///< the same token for every id: the run's weights can be used on such data
};

/// Error(bad_config) unless the data match the run. `run` is what the user called it: its folder or a checkpoint.
void require_run_data(const std::string& run, const StoredRun& stored, const Dataset& data, DataMatch match);

/// Error(bad_config) if the model has an adaptive softmax, which needs ids in the order of falling frequency, and the
/// tokenizer has another order (byte, bpe).
void require_ordered_ids(const ModelConfig& model, const Tokenizer& tokenizer);

/// The size of the vocabulary if its counts show that ids are in the order of falling frequency, line ends and unknown
/// words apart. Else 0.
Index ordered_vocabulary(const Tokenizer& tokenizer);

/// Opens `directory`, which has to match the run. Without a directory, opens the data that the run began with.
/// Error(missing_input) if these are gone, Error(bad_config) if the data do not match.
Dataset open_run_data(const std::string& run, const StoredRun& stored, const std::optional<std::string>& directory,
                      DataMatch match);

/// Where the run's data are now. Of the two stored paths it is the first that has an index, else the absolute one.
std::string data_directory(const std::string& run, const RunData& data);

/// Sets both paths.
void set_data_directory(const std::string& run, const std::string& directory, RunData& data);

}  // namespace moelm
