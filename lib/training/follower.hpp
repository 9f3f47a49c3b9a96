// The followers of a training: all ranks but rank 0, the leader. They use no files, no clock and no terminal.
#pragma once

#include <functional>

#include "base/context.hpp"
#include "model_files/model_message.hpp"

namespace moelm {

/// Makes this rank's part of the model and takes part in the training until the leader ends it. Returns the leader's
/// exit code. REQUIRES that the leader's Learner is made with the same values. Asks `stop_requested` in each
/// step and passes the answer on to the leader.
int follow_training(Context& context, const SharedModel& model, Communicator& ranks,
                    const std::function<bool()>& stop_requested = nullptr);

}  // namespace moelm
