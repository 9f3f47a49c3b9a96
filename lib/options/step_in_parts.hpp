// Refuses configurations that a batch cut into micro-batches (train.micro_batch_tokens) or lanes (train.lanes)
// excludes.
#pragma once

#include "config/train_config.hpp"

namespace moelm {

/// Error(bad_config) names the key.
void require_possible_parts(const RunConfig& config);

}  // namespace moelm
