// The learning rate schedule of a run: planned when it begins, extended when steps are added, stored in config.json.
#pragma once

#include <string>
#include <vector>

#include "config/schedule.hpp"
#include "config/train_config.hpp"
#include "io/json.hpp"

namespace moelm {

/// The maximum number of segments of a stored schedule.
inline constexpr Index kMaxSegments = 10000;

/// The default number of warm-up steps: 5 % of the steps, at least 50, at most 1,000.
Index planned_warmup(Index steps);

/// The stored schedule of a configuration. For a new run it is one segment over train.steps.
Schedule schedule_of(const RunConfig& config);

/// A schedule that reaches `steps`. If its kind decays to a planned end (cosine, linear), the added steps get their own
/// segment: a warm-up (planned_warmup, at most half of them) to the same peak, and the decay to the new end. Any other
/// kind continues as if all steps had been planned at once. Fewer steps change nothing.
Schedule lengthened(Schedule schedule, Index steps);

/// A schedule whose end is planned again after `step`: the rest of the course, warm-up or decay, is stretched or
/// compressed so that it ends at `end`. The rates up to `step` stay, and the next one continues from there. Plans for
/// later steps are dropped. REQUIRES a kind that decays to a planned end, and step < end.
///
/// What is left of the warm-up rises as steeply as train.warmup says (`warmup`), or, if that was planned, as a warm-up
/// planned for the new end; it takes at most half of the steps.
Schedule replanned(Schedule schedule, Index step, Index end, Index warmup);

/// The upper bound of a plan by time: the largest number of steps that the run was ever planned for, or train.steps if
/// that ends the schedule early.
Index max_planned_steps(const RunConfig& config);

/// As in config.json: a list of objects with first_step, steps, warmup, kind, lr, and warmed and decayed where a course
/// begins within a warm-up or a decay.
Json schedule_json(const Schedule& schedule);
/// Error(bad_data) with the field that is missing, impossible, or leaves a gap between two segments. A segment may
/// begin before the end that the one before it was planned for.
Schedule read_schedule(const JsonField& list);

/// "cosine, lr 0.004, warm-up 50". Of several segments the last, with its first step.
std::string schedule_line(const Schedule& schedule);

/// The share of a schedule's peak that the rate has at a step, as a person reads it: "2 %".
std::string rate_share(const Schedule& schedule, Index step);

/// Notes for the user, one sentence each: steps added to the stored schedule `before` (empty for a new run) and their
/// learning rate, training that ends before the schedule, a warm-up that is longer than training.
std::vector<std::string> schedule_notes(const Schedule& before, const RunConfig& config);

/// If training ends at `step` before the schedule has decayed: the rate there and its share of the peak ("the learning
/// rate is still 0.0031, 78 % of its peak,"). Else "".
std::string cut_schedule(const Schedule& schedule, Index step);

}  // namespace moelm
