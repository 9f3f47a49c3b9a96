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
  REQUIRE(holds(refusal("first_step", 1), "first_step"));
  REQUIRE(holds(refusal("steps", 0), "steps"));
  REQUIRE(holds(refusal("steps", INT64_MAX), "steps"));
  REQUIRE(holds(refusal("warmup", -1), "warmup"));
  REQUIRE(holds(refusal("kind", "sine"), "kind"));
  REQUIRE(holds(refusal("lr", "NaN"), "lr"));
  REQUIRE(holds(refusal("warmed", 1), "warmed"));
  REQUIRE(holds(refusal("decayed", -0.1), "decayed"));
  REQUIRE(holds(refusal("decayed", "half"), "decayed"));
  REQUIRE(holds(refusal("other", 1), "other"));
  REQUIRE(error_exit([] { read_schedule(JsonField(Json::array(), "config.json")); }) == Exit::bad_data);
}

TEST_CASE("an end that is planned again within the decay compresses or stretches the rest without a jump") {
  const Schedule first = run_of(600).schedule;
  for (const Index end : {301, 310, 450, 600, 2000}) {
    CAPTURE(end);
    const Schedule s = replanned(first, 300, end, 50);
    REQUIRE(s.segments.size() == 2);
    REQUIRE(s.last_step() == end);
    for (const Index step : {1, 50, 300}) REQUIRE(s.at(step) == first.at(step));
    REQUIRE(s.at(end) == Approx(8e-5));
    // The same rates as before, met earlier or later: half of the rest has the rate of step 450.
    if ((end - 300) % 2 == 0) REQUIRE(s.at(300 + (end - 300) / 2) == Approx(first.at(450)));
    for (Index step = 300; step < end; ++step) REQUIRE(s.at(step + 1) < s.at(step));
  }
  const Schedule same = replanned(first, 300, 600, 50);
  for (Index step = 1; step <= 600; ++step) REQUIRE(same.at(step) == Approx(first.at(step)).epsilon(1e-12));
}

TEST_CASE("an end that is planned again within the warm-up plans the warm-up, too, unless the user did") {
  const Schedule first = run_of(40000).schedule;
  REQUIRE(first.segments[0].warmup == 1000);
  const Schedule s = replanned(first, 25, 700, 1000);
  REQUIRE(s.at(25) == first.at(25));
  REQUIRE(s.segments[1].warmup == 49);  // of 50, from a fortieth of the peak on
  REQUIRE(s.at(74) == Approx(4e-3));
  REQUIRE(s.at(700) == Approx(8e-5));
  const Schedule again = replanned(s, 50, 500, 1000);
  REQUIRE(again.at(51) > again.at(50));
  REQUIRE(again.at(50) == s.at(50));
  REQUIRE(again.at(500) == Approx(8e-5));
  // A warm-up of the user keeps its slope.
  Schedule typed = first;
  typed.segments[0].warmup = 100;
  REQUIRE(replanned(typed, 25, 700, 100).segments[1].warmup == 75);
  REQUIRE(replanned(typed, 25, 65, 100).segments[1].warmup == 20);  // half of what is left
  const Schedule few = replanned(typed, 25, 27, 100);
  REQUIRE(few.at(27) == Approx(typed.at(27)));
}

TEST_CASE("plans for later steps are dropped when the end is planned again before them") {
  const Schedule first = run_of(600).schedule, second = replanned(first, 300, 400, 50);
  REQUIRE(schedule_json(replanned(second, 200, 500, 50)) == schedule_json(replanned(first, 200, 500, 50)));
  REQUIRE(schedule_json(replanned(second, 300, 500, 50)) == schedule_json(replanned(first, 300, 500, 50)));
  REQUIRE(replanned(second, 301, 500, 50).segments.size() == 3);
}

TEST_CASE("a schedule with plans is read as it was written, and older ones have no such fields") {
  const Schedule s = replanned(replanned(run_of(40000).schedule, 25, 700, 1000), 300, 500, 1000);
  const Json written = schedule_json(s);
  REQUIRE_FALSE(written[0].contains("warmed"));
  REQUIRE(written[1].contains("warmed"));
  REQUIRE(written[2].contains("decayed"));
  const Schedule read = read_schedule(JsonField(parse_json(json_text(written), "config.json"), "config.json"));
  for (Index step = 1; step <= 500; ++step) REQUIRE(read.at(step) == s.at(step));
  REQUIRE(schedule_json(read) == written);
  const Json old = parse_json(
      R"([{"first_step": 1, "steps": 600, "warmup": 50, "kind": "cosine", "lr": 0.004},
          {"first_step": 601, "steps": 600, "warmup": 50, "kind": "cosine", "lr": 0.004}])",
      "config.json");
  REQUIRE(schedule_json(read_schedule(JsonField(old, "config.json"))) == old);
}

TEST_CASE("the bound of a time's plan is the most that was ever planned, unless fewer steps were asked for") {
  RunConfig run = run_of(600);
  REQUIRE(max_planned_steps(run) == 600);
  run.schedule = replanned(run.schedule, 300, 400, 50);
  run.train.steps = 400;
  REQUIRE(max_planned_steps(run) == 600);
  run.train.steps = 350;
  REQUIRE(max_planned_steps(run) == 350);
}

TEST_CASE("with a time, steps for a run that exists are a bound and lengthen nothing") {
  RunConfig stored = run_of(600);
  stored.schedule = replanned(stored.schedule, 300, 400, 50);
  stored.train.steps = 400;
  ConfigOptions options;
  options.steps = 600;
  PlanInputs inputs{kTokens};
  inputs.tokens_in_time = [](const RunConfig&) { return 1e9; };
  const ResolvedConfig again = resolve_config(options, &stored, inputs);
  REQUIRE(again.max_steps == 600);
  REQUIRE(again.config.train.steps == 400);
  REQUIRE(schedule_json(again.config.schedule) == schedule_json(stored.schedule));
  options.steps.reset();
  REQUIRE(resolve_config(options, &stored, inputs).max_steps == 0);
  REQUIRE(resolve_config(options, &stored, inputs).config.train.steps == 400);
  options.steps = 600;
  REQUIRE(resolve_config(options, &stored, {kTokens}).config.schedule.segments.size() == 3);
}
