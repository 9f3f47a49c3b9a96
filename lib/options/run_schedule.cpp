#include "options/run_schedule.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/check.hpp"
#include "base/quantity.hpp"
#include "io/sealed_json.hpp"

namespace moelm {

namespace {

constexpr double kMaxRate = std::numeric_limits<double>::max();

/// Three significant digits: "0.00386".
std::string rate_text(double rate) { return format_printf("%.3g", rate); }

/// If fewer steps than these are left, the warm-up is not shortened.
constexpr Index kMinWarmupSteps = 10;

/// An optional share of a segment, in [0, 1).
double share_before(const JsonField& segment, const char* key) {
  if (!segment.has(key)) return 0;
  const double share = segment.at(key).number();
  if (!(share >= 0 && share < 1)) segment.at(key).refuse("a number of at least 0 and less than 1");
  return share;
}

std::string added_note(const Schedule& before, const Schedule& now) {
  const Index old_end = before.last_step(), end = now.last_step();
  const ScheduleSegment& last = now.segments.back();
  const std::string added = format_counted(end - old_end, "step") + " more than planned so far: ";
  if (!ends_by_plan(last.kind))
    return added + "the learning rate goes on as if all had been planned at once, " + rate_text(now.at(old_end + 1)) +
           " in step " + format_count(old_end + 1) + " and " + rate_text(now.at(end)) + " in step " + format_count(end);
  return added + "after step " + format_count(old_end) + ", where the learning rate has fallen to " +
         rate_text(now.at(old_end)) + ", it warms up again over " + format_counted(last.warmup, "step") + " to " +
         rate_text(last.peak) + " and falls (" + std::string(enum_name(last.kind)) + ") to " + rate_text(now.at(end)) +
         " in step " + format_count(end) +
         "; this is stored with the run. For a single decay over all steps start a new run (another --out)";
}

std::string warmup_note(const ScheduleSegment& segment, Index last_step) {
  const Index steps = std::min(last_step, segment.last_step()) - segment.first_step + 1;
  if (steps < 1 || segment.warmup <= steps) return "";
  return "the warm-up of " + format_counted(segment.warmup, "step") + " is longer than the " +
         format_counted(steps, "step") + " of training: the learning rate gets to " +
         rate_text(segment.at(segment.first_step + steps - 1)) + " of its peak of " + rate_text(segment.peak) +
         "; --set train.warmup=N shortens it";
}

}  // namespace

Index planned_warmup(Index steps) { return std::clamp<Index>(steps / 20, 50, 1000); }

Schedule schedule_of(const RunConfig& config) {
  if (!config.schedule.empty()) return config.schedule;
  const TrainConfig& train = config.train;
  return {{{1, std::max<Index>(train.steps, 1), train.warmup, train.schedule, train.lr}}};
}

Schedule lengthened(Schedule schedule, Index steps) {
  ensure(!schedule.empty(), "a schedule that is lengthened has a segment");
  const Index added = steps - schedule.last_step();
  if (added <= 0) return schedule;
  ScheduleSegment& last = schedule.segments.back();
  if (!ends_by_plan(last.kind)) {
    last.steps += added;
    return schedule;
  }
  const Index warmup = std::min(planned_warmup(added), std::max<Index>(added / 2, 1));
  schedule.segments.push_back({last.last_step() + 1, added, warmup, last.kind, last.peak});
  return schedule;
}

Schedule replanned(Schedule schedule, Index step, Index end, Index warmup) {
  const Index left = end - step;
  ensure(left > 0, "a plan has a step left");
  const bool was_planned = warmup == planned_warmup(schedule.segments.front().steps);
  while (schedule.segments.size() > 1 && schedule.segments.back().first_step > step + 1) schedule.segments.pop_back();
  ScheduleSegment next = schedule.segments.back();
  ensure(ends_by_plan(next.kind), "only a course that ends by plan is planned again");
  if (next.first_step <= step) {
    const bool warming = step - next.first_step + 1 < next.warmup && next.peak > 0;
    next.warmed = warming ? next.at(step) / next.peak : 0;
    next.decayed = next.decay(step);
    if (!warming) next.warmup = 0;
    next.first_step = step + 1;
  } else {
    schedule.segments.pop_back();
  }
  next.steps = left;
  if (next.warmup > 0) {
    const auto whole = static_cast<double>(was_planned ? planned_warmup(end) : warmup);
    const auto rest = static_cast<Index>(std::ceil((1 - next.warmed) * whole));
    // A few steps are too few to get to the peak and back: the rate goes on rising as planned.
    next.warmup = left < kMinWarmupSteps ? rest : std::min(rest, left / 2);
  }
  schedule.segments.push_back(next);
  return schedule;
}

Index max_planned_steps(const RunConfig& config) {
  const Schedule schedule = schedule_of(config);
  Index max_steps = config.train.steps;
  if (max_steps < schedule.last_step()) return max_steps;
  for (const ScheduleSegment& s : schedule.segments) max_steps = std::max(max_steps, s.last_step());
  return max_steps;
}

Json schedule_json(const Schedule& schedule) {
  Json list = Json::array();
  for (const ScheduleSegment& s : schedule.segments) {
    Json segment = {{"first_step", s.first_step},
                    {"steps", s.steps},
                    {"warmup", s.warmup},
                    {"kind", std::string(enum_name(s.kind))},
                    {"lr", s.peak}};
    if (s.warmed > 0) segment["warmed"] = s.warmed;
    if (s.decayed > 0) segment["decayed"] = s.decayed;
    list.push_back(std::move(segment));
  }
  return list;
}

Schedule read_schedule(const JsonField& list) {
  const Index count = list.size();
  if (count < 1 || count > kMaxSegments) list.refuse("1 to " + std::to_string(kMaxSegments) + " segments");
  Schedule schedule;
  for (Index i = 0; i < count; ++i) {
    const JsonField item = list.at(i);
    refuse_unknown_keys(item, {"first_step", "steps", "warmup", "kind", "lr", "warmed", "decayed"});
    ScheduleSegment s;
    const Index first = schedule.empty() ? 1 : schedule.segments.back().first_step + 1;
    s.first_step = item.at("first_step").integer(first, schedule.last_step() + 1);
    s.steps = item.at("steps").integer(1, kMaxSteps - s.first_step + 1);
    s.warmup = item.at("warmup").integer(0, kMaxSteps);
    s.peak = item.at("lr").number();
    if (!(s.peak >= 0 && s.peak <= kMaxRate)) item.at("lr").refuse("a finite number of at least 0");
    s.kind = item.at("kind").choice<ScheduleKind>();
    s.warmed = share_before(item, "warmed");
    s.decayed = share_before(item, "decayed");
    schedule.segments.push_back(s);
  }
  return schedule;
}

std::string schedule_line(const Schedule& schedule) {
  const ScheduleSegment& last = schedule.segments.back();
  std::string text =
      std::string(enum_name(last.kind)) + ", lr " + format_number(last.peak) + ", warm-up " + format_count(last.warmup);
  if (schedule.segments.size() > 1) text += " from step " + format_count(last.first_step) + " on";
  return text;
}

std::vector<std::string> schedule_notes(const Schedule& before, const RunConfig& config) {
  const Schedule now = schedule_of(config);
  const Index end = config.train.steps;
  std::vector<std::string> notes;
  if (!before.empty() && now.last_step() > before.last_step()) notes.push_back(added_note(before, now));
  if (const std::string cut = cut_schedule(now, end); !cut.empty())
    notes.push_back("training ends at step " + format_count(end) + " of " + format_count(now.last_step()) +
                    " that the schedule was planned for: " + cut + " there. The plan stays: --steps " +
                    std::to_string(now.last_step()) + " goes on with it");
  if (const std::string note = warmup_note(now.segment_of(end), end); !note.empty()) notes.push_back(note);
  return notes;
}

std::string rate_share(const Schedule& schedule, Index step) {
  const ScheduleSegment& segment = schedule.segment_of(step);
  return std::to_string(std::lround(segment.peak > 0 ? 100 * segment.at(step) / segment.peak : 0)) + " %";
}

std::string cut_schedule(const Schedule& schedule, Index step) {
  const ScheduleSegment& segment = schedule.segment_of(step);
  if (step >= segment.last_step() || !ends_by_plan(segment.kind) || segment.peak == 0) return "";
  return "the learning rate is still " + rate_text(segment.at(step)) + ", " + rate_share(schedule, step) +
         " of its peak,";
}

}  // namespace moelm
