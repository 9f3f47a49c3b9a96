// Added steps get their own schedule, which is stored and announced.
#include "options/run_schedule.hpp"

#include "run/resolve_config.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"

using namespace moelm;

namespace {

constexpr Index kTokens = 100000;

RunConfig run_of(Index steps, const std::string& schedule = "cosine") {
  ConfigOptions options;
  options.preset = "small";
  options.assignments = {"train.schedule=" + schedule};
  options.steps = steps;
  return resolve_config(options, nullptr, {kTokens}).config;
}

RunConfig longer(const RunConfig& stored, Index steps) {
  ConfigOptions options;
  options.steps = steps;
  return resolve_config(options, &stored, {kTokens}).config;
}

}  // namespace

TEST_CASE("a new run has one segment over its steps") {
  const Schedule s = run_of(600).schedule;
  REQUIRE(s.segments.size() == 1);
  REQUIRE(s.last_step() == 600);
  REQUIRE(s.segments[0].warmup == 50);
  REQUIRE(s.at(600) == Approx(8e-5));
  REQUIRE(schedule_notes({}, run_of(600)).empty());
}

TEST_CASE("steps added to a cosine schedule warm up and decay again, however often they are added") {
  const RunConfig first = run_of(600), second = longer(first, 1200), third = longer(second, 1240);
  const Schedule s = third.schedule;
  REQUIRE(s.segments.size() == 3);
  for (const Index step : {1, 300, 600}) REQUIRE(s.at(step) == first.schedule.at(step));
  REQUIRE(s.segments[1].warmup == 50);
  REQUIRE(s.at(650) == Approx(4e-3));
  REQUIRE(s.at(1200) == Approx(8e-5));
  // Half of 40 steps, because a warm-up of 50 would not end.
  REQUIRE(s.segments[2].warmup == 20);
  REQUIRE(s.at(1220) == Approx(4e-3));
  REQUIRE(s.at(1240) == Approx(8e-5));
  REQUIRE(third.train.steps == 1240);
  REQUIRE(schedule_json(longer(third, 1240).schedule) == schedule_json(s));
}

TEST_CASE("a lengthened schedule without a planned end equals one planned at once") {
  for (const char* kind : {"inverse-sqrt", "constant", "plateau"}) {
    const RunConfig first = run_of(600, kind), at_once = run_of(1200, kind);
    RunConfig expected = at_once;
    expected.schedule.segments[0].warmup = first.train.warmup;
    REQUIRE(schedule_json(longer(first, 1200).schedule) == schedule_json(expected.schedule));
  }
}

TEST_CASE("fewer steps cut a schedule without changing it") {
  const RunConfig first = run_of(600), cut = longer(first, 300);
  REQUIRE(schedule_json(cut.schedule) == schedule_json(first.schedule));
  REQUIRE(cut.train.steps == 300);
  const std::vector<std::string> notes = schedule_notes(first.schedule, cut);
  REQUIRE(notes.size() == 1);
  REQUIRE(holds(notes[0], "ends at step 300 of 600"));
  REQUIRE(holds(notes[0], "still 0.00232, 58 % of its peak"));
  REQUIRE(holds(notes[0], "--steps 600"));
  REQUIRE(schedule_json(longer(cut, 600).schedule) == schedule_json(first.schedule));
  REQUIRE(schedule_notes(cut.schedule, longer(cut, 600)).empty());
  REQUIRE(cut_schedule(first.schedule, 600).empty());
  REQUIRE(cut_schedule(run_of(600, "constant").schedule, 300).empty());
}

TEST_CASE("added steps are announced with their rates") {
  const RunConfig first = run_of(600);
  const std::vector<std::string> notes = schedule_notes(first.schedule, longer(first, 1200));
  REQUIRE(notes.size() == 1);
  REQUIRE(holds(notes[0], "600 steps more than planned so far: after step 600"));
  REQUIRE(holds(notes[0], "fallen to 8e-05"));
  REQUIRE(holds(notes[0], "over 50 steps to 0.004"));
  REQUIRE(holds(notes[0], "to 8e-05 in step 1,200"));
  const RunConfig paper = run_of(600, "inverse-sqrt");
  REQUIRE(holds(schedule_notes(paper.schedule, longer(paper, 1200))[0], "as if all had been planned at once"));
}

TEST_CASE("a warm-up longer than training is announced") {
  const std::vector<std::string> notes = schedule_notes({}, run_of(10));
  REQUIRE(notes.size() == 1);
  REQUIRE(holds(notes[0], "the warm-up of 50 steps is longer than the 10 steps of training"));
  REQUIRE(holds(notes[0], "gets to 0.0008 of its peak of 0.004"));
}

TEST_CASE("a schedule is read as it was written, and impossible ones are refused") {
  const Json written = schedule_json(longer(run_of(600), 1200).schedule);
  REQUIRE(schedule_json(read_schedule(JsonField(written, "config.json"))) == written);
  const auto refusal = [&](const char* key, const Json& value) {
    Json changed = written;
    changed[1][key] = value;
    return error_text([&] { read_schedule(JsonField(changed, "config.json")); });
  };
  REQUIRE(holds(refusal("first_step", 602), "first_step"));
  REQUIRE(holds(refusal("first_step", 600), "first_step"));
  REQUIRE(holds(refusal("steps", 0), "steps"));
  REQUIRE(holds(refusal("steps", INT64_MAX), "steps"));
  REQUIRE(holds(refusal("warmup", -1), "warmup"));
  REQUIRE(holds(refusal("kind", "sine"), "kind"));
  REQUIRE(holds(refusal("lr", "NaN"), "lr"));
  REQUIRE(holds(refusal("other", 1), "other"));
  REQUIRE(error_exit([] { read_schedule(JsonField(Json::array(), "config.json")); }) == Exit::bad_data);
}
