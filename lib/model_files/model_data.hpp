// The data folder that a trained model is used on: its own, or another one made with its tokenizer.
#pragma once

#include <optional>
#include <string>

#include "data/dataset.hpp"
#include "model_files/model_store.hpp"

namespace moelm {

/// Opens `directory`, or without it the data that the run was trained on. `run` is what the user called the model.
/// Error(missing_input) where there is none; Error(bad_config) naming both where the run's own data have changed or
/// another folder's ids mean other tokens.
Dataset open_model_data(const LoadedModel& model, const std::string& run, const std::optional<std::string>& directory);

/// Error(bad_config) unless every id stands for the same token in the model and in `data`, and every text has the same
/// tokens. `run` is what the user called the model.
void require_same_tokens(const Tokenizer& model, const std::string& run, const Dataset& data);

}  // namespace moelm
