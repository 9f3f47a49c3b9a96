// Lanes and their states as messages between the leader and the ranks that have them.
#pragma once

#include "dist/message.hpp"
#include "model/step_parts.hpp"

namespace moelm {

void write_lane(const Lane& lane, MessageWriter& message);
Lane read_lane(MessageReader& message);

void write_state(const ModelState& state, MessageWriter& message);
/// Reads into a state of the same shape.
void read_state(MessageReader& message, ModelState& state);

}  // namespace moelm
