// A lane of a step: the input of one pass through the model, and its form as a message from the leader.
#pragma once

#include <vector>

#include "dist/communicator.hpp"
#include "dist/message.hpp"
#include "model/step_parts.hpp"

namespace moelm {

/// The streams of a lane and their carried state.
struct LaneWork {
  BatchPart part;
  ModelState state;

  bool empty() const { return part.batch.rows() == 0; }
};

void write_lane(const LaneWork& lane, MessageWriter& message);
LaneWork read_lane(MessageReader& message);

void write_state(const ModelState& state, MessageWriter& message);
/// Reads into a state of the same shape.
void read_state(MessageReader& message, ModelState& state);

}  // namespace moelm
