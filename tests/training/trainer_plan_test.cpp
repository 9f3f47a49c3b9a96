// Training for a given time, by a clock of the test: the schedule ends when the time ends, and resuming is exact.
#include <map>
#include <optional>

#include "options/run_schedule.hpp"
#include "support/catch.hpp"
#include "support/short_run.hpp"

using namespace moelm;

namespace {

/// Lets the time pass: for each step what `step_seconds` says, and fixed times for validations and saves.
class Clock final : public TrainObserver {
 public:
  explicit Clock(std::function<double(Index)> step_seconds) : step_seconds_(std::move(step_seconds)) {}

  void on_step(const StepReport& report) override {
    seconds += step_seconds_(report.progress.step);
    rates[report.progress.step] = report.lr;
    losses[report.progress.step] = report.result.losses.cross_entropy;
    if (report.progress.step == stop_after) stopped = true;
  }
  void on_validation(const ValidationReport&) override { seconds += validation_seconds; }
  void on_saved(const std::string& path, bool) override {
    seconds += save_seconds;
    checkpoint = path;
  }
  bool on_plan(const PlanReport& plan) override {
    plans[plan.step] = plan.steps;
    return true;
  }

  double seconds = 0, validation_seconds = 1, save_seconds = 0.5;
  Index stop_after = 0;
  bool stopped = false;
  std::map<Index, double> rates, losses;
  std::map<Index, Index> plans;  ///< planned steps by the step that was finished then
  std::string checkpoint;

 private:
  std::function<double(Index)> step_seconds_;
};

struct Case : ShortRuns {
  explicit Case(ScheduleKind kind = ScheduleKind::cosine) {
    config.train.schedule = kind;
    config.train.steps = 5000;
    config.train.warmup = planned_warmup(5000);
    config.train.validate_every = 400;
    config.train.lr = 0.01;
  }

  /// Begins a run, or goes on with it.
  TrainEnd train(const std::string& run, Clock& clock, double max_seconds, const RunOrigin& origin = {}) const {
    const Dataset dataset = data();
    const StoredRun stored = run_exists(path(run)) ? read_run(path(run)) : fresh(run, origin);
    Context context(1);
    TrainingStart start;
    start.run = path(run);
    start.max_seconds = max_seconds;
    start.clock = [&clock] { return clock.seconds; };
    start.stop_requested = [&clock] { return clock.stopped; };
    TrainingRun training(context, stored, dataset, start, clock);
    return training.run();
  }
  std::string weights(const Clock& clock) const { return read_file(clock.checkpoint + "/model.safetensors", 1 << 20); }
};

double slower_after_300(Index step) { return step <= 300 ? 1 : 2; }

std::vector<Json> plan_events(const std::string& run) {
  std::vector<Json> events;
  for_each_metric(run + "/metrics.jsonl", [&](const Json& line) {
    if (line.contains("event") && line["event"] == "plan") events.push_back(line);
  });
  return events;
}

/// The greatest change of the rate from one step to the next, as a share of the peak.
double max_jump(const std::map<Index, double>& rates, double peak) {
  double jump = 0;
  for (auto rate = rates.begin(); std::next(rate) != rates.end(); ++rate)
    jump = std::max(jump, std::abs(std::next(rate)->second - rate->second) / peak);
  return jump;
}

}  // namespace

TEST_CASE("a training for a time ends by its plan, with the rate at 2 % of the peak, in time") {
  for (const ScheduleKind kind : {ScheduleKind::cosine, ScheduleKind::linear}) {
    const Case c(kind);
    Clock clock([](Index) { return 1.0; });
    REQUIRE(c.train("run", clock, 1000) == TrainEnd::finished);
    REQUIRE(clock.plans.size() == 1);
    REQUIRE(clock.plans.begin()->first == 30);
    const Index steps = clock.plans.begin()->second;
    REQUIRE(clock.rates.rbegin()->first == steps);
    REQUIRE(clock.rates.rbegin()->second == Approx(0.01 * 0.02));
    REQUIRE(clock.seconds <= 1000);
    REQUIRE(clock.seconds > 960);
    // The warm-up of 5,000 steps takes 250; that of what fits takes 50 and begins where the other was.
    REQUIRE(clock.rates[30] == Approx(0.01 * 30 / 250));
    REQUIRE(clock.rates[74] == Approx(0.01));
    REQUIRE(max_jump(clock.rates, 0.01) < 0.021);
    const RunConfig stored = read_run(c.path("run")).config;
    REQUIRE(stored.train.steps == steps);
    REQUIRE(stored.schedule.segments.size() == 2);
    const std::vector<Json> events = plan_events(c.path("run"));
    REQUIRE(events.size() == 1);
    REQUIRE(events[0]["step"] == 30);
    REQUIRE(events[0]["steps"] == steps);
    REQUIRE(events[0]["steps_before"] == 5000);
    REQUIRE(events[0]["step_seconds"].get<double>() == Approx(1));
  }
}

TEST_CASE("half the speed is planned again, and the rate goes on without a jump") {
  const Case c;
  Clock clock(slower_after_300);
  REQUIRE(c.train("run", clock, 1000) == TrainEnd::finished);
  REQUIRE(clock.plans.size() >= 2);
  REQUIRE(clock.plans.size() <= 4);
  REQUIRE(std::next(clock.plans.begin())->first > 300);
  REQUIRE(std::next(clock.plans.begin())->first <= 345);  // at the second look that finds it
  REQUIRE(clock.rates.rbegin()->second == Approx(0.01 * 0.02));
  REQUIRE(clock.seconds <= 1000);
  REQUIRE(clock.seconds > 960);
  REQUIRE(max_jump(clock.rates, 0.01) < 0.021);
}

TEST_CASE("long validations and saves are inside the time") {
  const Case c;
  Clock clock([](Index) { return 1.0; });
  clock.validation_seconds = 20;
  clock.save_seconds = 10;
  REQUIRE(c.train("run", clock, 1000) == TrainEnd::finished);
  REQUIRE(clock.rates.rbegin()->second == Approx(0.01 * 0.02));
  REQUIRE(clock.seconds <= 1000);
  REQUIRE(clock.seconds > 960);
}

TEST_CASE("twice the speed is planned again, up to the steps that were asked for") {
  Case c;
  c.config.train.steps = 1200;
  c.config.train.warmup = planned_warmup(1200);
  Clock clock([](Index step) { return step <= 100 ? 1.0 : 0.5; });
  REQUIRE(c.train("run", clock, 1000) == TrainEnd::finished);
  REQUIRE(clock.rates.rbegin()->first == 1200);
  REQUIRE(clock.rates.rbegin()->second == Approx(0.01 * 0.02));
  REQUIRE(clock.seconds < 800);
}

TEST_CASE("a speed that varies by 5 % is not planned again") {
  const Case c;
  Clock clock([](Index step) { return step / 5 % 2 == 0 ? 0.95 : 1.05; });
  REQUIRE(c.train("run", clock, 1000) == TrainEnd::finished);
  REQUIRE(clock.plans.size() == 1);
  REQUIRE(clock.rates.rbegin()->second == Approx(0.01 * 0.02));
  REQUIRE(clock.seconds <= 1000);
}

TEST_CASE("a training that fits into its time is the training without a limit") {
  Case c;
  c.config.train.steps = 60;
  Clock limited([](Index) { return 1.0; }), free([](Index) { return 1.0; });
  REQUIRE(c.train("limited", limited, 1000) == TrainEnd::finished);
  REQUIRE(c.train("free", free, 0) == TrainEnd::finished);
  REQUIRE(limited.plans.empty());
  REQUIRE(limited.rates == free.rates);
  REQUIRE(limited.losses == free.losses);
}

TEST_CASE("a schedule without a planned end is cut when the time is up, and goes on") {
  const Case c(ScheduleKind::constant);
  Clock clock([](Index) { return 1.0; });
  REQUIRE(c.train("run", clock, 100) == TrainEnd::time_is_up);
  REQUIRE(clock.plans.empty());
  REQUIRE(clock.rates.size() == 100);
  REQUIRE(read_run(c.path("run")).config.train.steps == 5000);
}

TEST_CASE("an estimate that fails is cut when the time is up") {
  const Case c;
  Clock clock([](Index step) { return step < 960 ? 1.0 : 40.0; });
  REQUIRE(c.train("run", clock, 1000) == TrainEnd::time_is_up);
  REQUIRE(clock.seconds < 1000 + 40 + 6 + 1);
}

TEST_CASE("between two plans a run that is stopped and resumed makes the same steps") {
  const Case c;
  Clock straight(slower_after_300);
  c.train("straight", straight, 1000);
  const auto second = std::next(straight.plans.begin());
  const Index replanned_at = std::next(second)->first;
  REQUIRE(replanned_at - second->first > 12);
  std::optional<std::string> weights;
  for (const Index stop : {second->first + 1, second->first + 11}) {
    const std::string run = "stopped" + std::to_string(stop);
    Clock first(slower_after_300), rest(slower_after_300);
    first.stop_after = stop;
    REQUIRE(c.train(run, first, 1000) == TrainEnd::stopped);
    // Without a limit the plan in force stays.
    REQUIRE(c.train(run, rest, 0) == TrainEnd::finished);
    REQUIRE(rest.rates.begin()->first == stop + 1);
    REQUIRE(rest.rates.rbegin()->first == second->second);
    REQUIRE(rest.rates.rbegin()->second == Approx(0.01 * 0.02));
    for (Index step = stop + 1; step <= replanned_at; ++step) {
      REQUIRE(rest.rates[step] == straight.rates[step]);
      REQUIRE(rest.losses[step] == straight.losses[step]);
    }
    const std::string found = c.weights(rest);
    if (weights) REQUIRE(found == *weights);
    weights = found;
  }
}

TEST_CASE("a run that goes on from an earlier checkpoint follows the plans that came after it, to the same bytes") {
  Case c;
  c.config.train.checkpoint_every = "100";
  c.config.train.keep = 100;
  Clock straight(slower_after_300);
  REQUIRE(c.train("straight", straight, 1000) == TrainEnd::finished);
  REQUIRE(straight.plans.size() >= 2);
  c.config = read_run(c.path("straight")).config;
  const RunOrigin origin{OriginKind::resume, c.path("straight/checkpoints/step-000000000200"), "", ""};
  Clock again([](Index) { return 1.0; });
  REQUIRE(c.train("again", again, 0, origin) == TrainEnd::finished);
  REQUIRE(again.rates.begin()->first == 201);
  REQUIRE(again.rates.size() == straight.rates.size() - 200);
  for (const auto& [step, loss] : again.losses) REQUIRE(loss == straight.losses[step]);
  REQUIRE(c.weights(again) == c.weights(straight));
}

TEST_CASE("a run that goes on with a time plans its rest for that time, up to the steps of its first plan") {
  const Case c;
  Clock first([](Index) { return 1.0; });
  first.stop_after = 500;
  REQUIRE(c.train("run", first, 1000) == TrainEnd::stopped);
  Clock shorter([](Index) { return 1.0; });
  shorter.stop_after = 600;
  REQUIRE(c.train("run", shorter, 300) == TrainEnd::stopped);
  REQUIRE(shorter.plans.size() == 1);
  REQUIRE(shorter.plans.begin()->second < 800);
  REQUIRE(shorter.rates.begin()->second == Approx(first.rates.rbegin()->second).epsilon(0.01));
  Clock longer([](Index) { return 1.0; });
  REQUIRE(c.train("run", longer, 1e5) == TrainEnd::finished);
  REQUIRE(longer.rates.rbegin()->first == 5000);
  REQUIRE(longer.rates.rbegin()->second == Approx(0.01 * 0.02));
  REQUIRE(max_jump(longer.rates, 0.01) < 0.01);
}
