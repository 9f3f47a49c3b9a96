// When a run whose softmax samples goes over to the full softmax (train.full_softmax).
#pragma once

#include "config/schedule.hpp"

namespace moelm {

/// The first step with the full softmax: the last `share` of the steps 1 ... last_step have it, rounded to whole steps.
/// last_step + 1 if there is none.
Index first_full_softmax_step(double share, Index last_step);

/// Whether a step has the full softmax, by the course of the schedule that it belongs to: a run that is lengthened or
/// planned again samples again, until the share of its new plan begins.
bool has_full_softmax(double share, const Schedule& schedule, Index step);

}  // namespace moelm
