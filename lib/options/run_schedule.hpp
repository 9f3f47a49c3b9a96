// The learning rate over a whole run: planned when it begins, planned anew for what is added, stored in config.json.
#pragma once

#include <string>
#include <vector>

#include "config/schedule.hpp"
#include "config/train_config.hpp"
#include "io/json.hpp"

namespace moelm {

/// Steps of warm-up where nobody chose them: 5 % of the steps, at least 50, at most 1,000.
Index planned_warmup(Index steps);

/// The schedule of a configuration: the stored one, or for a run that begins one course over train.steps.
Schedule schedule_of(const RunConfig& config);

/// A schedule that reaches `steps`. A kind that ends by plan (cosine, linear) keeps what was planned, and the steps
/// that are added get a course of their own: a warm-up (planned_warmup, at most half of them) to the same peak and the
/// decay to the new end. Any other kind goes on as if all steps had been planned at once. Fewer steps change nothing.
Schedule lengthened(Schedule schedule, Index steps);

/// As in config.json: a list of objects with first_step, steps, warmup, kind, lr.
Json schedule_json(const Schedule& schedule);
/// Error(bad_data) naming the field that is missing, impossible, or leaves a gap between two courses.
Schedule read_schedule(const JsonField& list);

/// "cosine, lr 0.004, warm-up 50"; of several courses the last, with the step that it begins at.
std::string schedule_line(const Schedule& schedule);

/// What a person has to know of the learning rate, a sentence each: steps that were added to the `before` of a run that
/// goes on (empty for a new one) and what they are trained with, an end before the schedule's own, a warm-up that does
/// not come to its end.
std::vector<std::string> schedule_notes(const Schedule& before, const RunConfig& config);

/// Where training ends at `step` though the schedule decays to a later end: the rate there and its share of the peak
/// ("the learning rate is still 0.0031, 78 % of its peak"); else empty.
std::string cut_schedule(const Schedule& schedule, Index step);

}  // namespace moelm
