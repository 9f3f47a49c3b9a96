// config.json of an exported model: what other software has to know to compute with its weights.
#pragma once

#include "io/json.hpp"
#include "model_files/model_store.hpp"

namespace moelm {

/// The configuration, with the names that models of Hugging Face use where they have one.
Json export_config(const LoadedModel& model);

}  // namespace moelm
