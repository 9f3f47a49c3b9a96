// When a run whose softmax samples goes over to the full softmax (train.full_softmax).
#pragma once

#include "config/train_config.hpp"

namespace moelm {

/// The first step with the full softmax: the last train.full_softmax of the train.steps planned now have it, rounded to
/// whole steps. train.steps + 1 if there is none. A run that is lengthened afterwards samples again, until the share
/// of the longer plan begins.
Index first_full_softmax_step(const TrainConfig& config);

}  // namespace moelm
