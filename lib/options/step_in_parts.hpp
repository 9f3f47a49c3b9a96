// What a step cannot have whose batch is cut: into passes one after another (train.micro_batch_tokens), or into lanes.
#pragma once

#include "config/train_config.hpp"

namespace moelm {

/// Error(bad_config) names the key.
void require_possible_parts(const RunConfig& config);

}  // namespace moelm
