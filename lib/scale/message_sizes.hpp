// Bytes of the messages of a step that are not rows and not gradients, as lib/training/lane_message.cpp and
// lane_sums.cpp write them.
#pragma once

#include "config/model_config.hpp"

namespace moelm {

inline constexpr double kBytesOfFloat = 4, kBytesOfBf16 = 2, kBytesOfIndex = 8, kBytesOfToken = 4, kBytesOfFlag = 1;
inline constexpr double kBytesOfLength = 8;  ///< of a list

/// One lane of a batch, whose state its rank has kept: its active streams, inputs and targets.
double batch_bytes(double rows, double unroll);

/// Sums of the routing of all layers.
double routing_bytes(const ModelConfig& config);

}  // namespace moelm
