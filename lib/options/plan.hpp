// Defaults that follow from the number of training tokens, as pure functions.
#pragma once

#include <string>

#include "base/index.hpp"
#include "options/config_json.hpp"

namespace moelm {

/// The preset for a corpus: small below 5 million training tokens, base up to 50 million, else large.
std::string preset_for(Index training_tokens);

/// Predicted tokens of one optimizer step: streams x unroll, or batch_tokens for whole lines.
Index rows_per_step(const TrainConfig& config);

/// Tokens that training is planned to read: 16 million, but at least 3 and at most 12 passes.
Index planned_tokens(Index training_tokens);

/// Halves the number of streams until one batch is no longer than the text, unless the user chose it.
void fit_batch(Index training_tokens, ConfigDraft& draft);

/// The configuration with every open value decided.
///
/// Steps follow from epochs, else from planned_tokens. Dropout is 0.1 up to 2 passes, 0.2 up to 5 and 0.3 beyond.
/// Warm-up takes 5 % of the steps, at least 50 and at most 1,000. Validations come after every pass or 1,000 steps,
/// whichever is first. training_tokens = 0 means that the corpus is not known yet, and batches_per_pass = 0 that its
/// batches are not counted: then all count as full.
RunConfig plan_run(const ConfigDraft& draft, Index training_tokens, Index batches_per_pass = 0);

}  // namespace moelm
