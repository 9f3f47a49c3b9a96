// What a run does where nobody said: chosen from the number of training tokens, by pure functions.
#pragma once

#include <string>

#include "base/index.hpp"
#include "options/config_json.hpp"

namespace moelm {

/// Name of the preset for a corpus: small under 5 million training tokens, base to 50 million, else large.
std::string preset_for(Index training_tokens);

/// Predicted tokens of one optimizer step: streams x unroll, or batch_tokens for whole lines.
Index rows_per_step(const TrainConfig& config);

/// Tokens that training is planned to read: 16 million, but at least 3 and at most 12 passes.
Index planned_tokens(Index training_tokens);

/// The configuration with everything decided. Where it is not given or zero:
/// steps from epochs, else from the passes that planned_tokens makes; dropout 0.1 up to 2 passes, 0.2 up to 5, 0.3
/// beyond; warm-up 5 % of the steps within 50 to 1,000; validation every pass or 1,000 steps, whichever comes first;
/// fewer streams if the text is shorter than one batch. training_tokens = 0 stands for a corpus not known yet;
/// steps_per_pass = 0 for batches not counted yet, then it is tokens / rows.
RunConfig plan_run(const Settings& settings, Index training_tokens, Index steps_per_pass = 0);

}  // namespace moelm
