// A run that stops anywhere and resumes equals one that never stopped: the same bytes of weights, the same metrics
// except times.
#include <algorithm>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include "io/file.hpp"
#include "options/run_schedule.hpp"
#include "support/catch.hpp"
#include "support/new_run.hpp"
#include "support/temporary_directory.hpp"
#include "support/tiny_data.hpp"
#include "training/training_run.hpp"

using namespace moelm;

namespace {

/// Requests a stop after a number of steps.
class StoppingObserver final : public TrainObserver {
 public:
  explicit StoppingObserver(Index stop_after) : stop_after_(stop_after) {}
  void on_step(const StepReport& report) override {
    if (report.progress.step == stop_after_) stopped = true;
  }
  void on_saved(const std::string& checkpoint, bool) override { last_checkpoint = checkpoint; }

  std::string last_checkpoint;
  bool stopped = false;

 private:
  Index stop_after_;
};

std::string some_text(Index lines, std::uint64_t seed) {
  const RandomStream random(seed, "text", 0);
  std::string text;
  for (Index i = 0; i < lines; ++i) {
    const auto words = static_cast<Index>(random.uniform(0, i, 0) * 9);
    for (Index w = 0; w < words; ++w)
      text += std::string(1, static_cast<char>('a' + static_cast<int>(random.uniform(1, i, w) * 12))) + " ";
    text += "\n";
  }
  return text;
}

RunConfig config_of(StateKind state) {
  RunConfig config;
  config.model = tiny_model();
  config.model.dropout = 0.2;
  std::get<SoftmaxConfig>(config.model.layers.back()).samples = state == StateKind::reset ? 6 : 0;
  config.train.state = state;
  config.train.batch = 3;
  config.train.unroll = 7;
  config.train.batch_tokens = 40;
  config.train.lr = 0.01;
  config.train.schedule = ScheduleKind::plateau;
  config.train.warmup = 5;
  config.train.steps = 40;
  config.train.validate_every = 6;
  config.train.checkpoint_every = "0";
  return config;
}

struct Outcome {
  TrainEnd end;
  std::string weights, optimizer;
  std::vector<Json> metrics;
  Json result;  ///< without times and checkpoint names
};

/// Trains or resumes until the end, or until a stop after `stop_after` steps (0: no stop).
Outcome train(const std::string& run, const std::string& data, const RunConfig& config, int threads, Index stop_after) {
  const Dataset dataset = Dataset::open(data);
  if (!run_exists(run)) put_new_run(run, config, dataset);
  Context context(threads, products_of(config.train));
  StoppingObserver observer(stop_after);
  TrainingStart start;
  start.run = run;
  start.stop_requested = [&observer] { return observer.stopped; };
  TrainingRun training(context, read_run(run), dataset, start, observer);
  Outcome outcome;
  outcome.end = training.run();
  outcome.result = training.result();
  for (const char* key : {"seconds", "saving_seconds", "checkpoint", "best_checkpoint", "threads"})
    outcome.result.erase(key);
  outcome.weights = read_file(observer.last_checkpoint + "/model.safetensors", 1 << 20);
  outcome.optimizer = read_file(observer.last_checkpoint + "/optimizer.safetensors", 1 << 20);
  for_each_metric(run + "/metrics.jsonl", [&](const Json& line) {
    if (line.contains("event")) return;
    Json kept = line;
    for (const char* key : {"time", "tokens_per_s"}) kept.erase(key);
    outcome.metrics.push_back(std::move(kept));
  });
  return outcome;
}

void require_same_in_parts(const RunConfig& config) {
  const TemporaryDirectory directory;
  put_data(directory / "data", *tiny_tokenizer(TokenizerKind::word, {"a", "b", "c", "d", "e", "f", "g"}),
           {some_text(90, 1), some_text(12, 2), some_text(12, 3)});
  const Outcome straight = train(directory / "straight", directory / "data", config, 1, 0);
  REQUIRE(straight.end == TrainEnd::finished);
  REQUIRE(straight.metrics.size() >= 46);

  const Outcome first = train(directory / "parts", directory / "data", config, 2, 15);
  REQUIRE(first.end == TrainEnd::stopped);
  const Outcome rest = train(directory / "parts", directory / "data", config, 1, 0);
  REQUIRE(rest.end == TrainEnd::finished);
  REQUIRE(rest.weights == straight.weights);
  REQUIRE(rest.optimizer == straight.optimizer);
  REQUIRE(rest.metrics == straight.metrics);
  REQUIRE(first.weights != straight.weights);
}

}  // namespace

TEST_CASE("forty steps equal k steps, a stop and the rest, for every k", "[resume]") {
  const TemporaryDirectory directory(memory_directory());
  put_data(directory / "data", *tiny_tokenizer(TokenizerKind::word, {"a", "b", "c", "d", "e", "f", "g"}),
           {some_text(90, 1), some_text(12, 2), some_text(12, 3)});
  int same = 0;
  for (const StateKind state : {StateKind::carry, StateKind::reset}) {
    const std::string name(enum_name(state));
    const RunConfig config = config_of(state);
    const Outcome straight = train(directory / name, directory / "data", config, 1, 0);
    for (Index stop = 1; stop <= 40; ++stop) {
      INFO(name << ", stopped after " << stop << " steps");
      const std::string run = directory / (name + std::to_string(stop));
      REQUIRE(train(run, directory / "data", config, 1, stop).end == TrainEnd::stopped);
      const Outcome rest = train(run, directory / "data", config, 1, 0);
      REQUIRE(rest.end == TrainEnd::finished);
      REQUIRE(rest.weights == straight.weights);
      REQUIRE(rest.optimizer == straight.optimizer);
      REQUIRE(rest.metrics == straight.metrics);
      REQUIRE(rest.result == straight.result);
      ++same;
    }
  }
  std::cout << "resume: " << same << " of 80 interrupted runs with the same bytes and metrics\n";
}

TEST_CASE("other threads and factored moments change nothing: fifteen steps, a stop and twenty-five more", "[resume]") {
  for (const StateKind state : {StateKind::carry, StateKind::reset}) {
    INFO(enum_name(state));
    require_same_in_parts(config_of(state));
  }
}

TEST_CASE("the same with factored moments, of whole tensors and of tables with few rows") {
  for (const StateKind state : {StateKind::carry, StateKind::reset}) {
    INFO(enum_name(state));
    RunConfig config = config_of(state);
    config.optimizer.experts.kind = OptimizerKind::factored;
    config.optimizer.experts.clip = 0.1;
    config.optimizer.dense.kind = OptimizerKind::adafactor;
    config.optimizer.tables.kind = state == StateKind::carry ? OptimizerKind::factored : OptimizerKind::adafactor;
    for_each_group(config.optimizer, [](const std::string& name, GroupConfig& group) {
      if (name != "thresholds") group.beta1 = 0;
    });
    require_same_in_parts(config);
  }
}

TEST_CASE("the same with sigmoid gates and with balancing losses over several steps") {
  RunConfig config = config_of(StateKind::carry);
  auto& moe = std::get<MoeConfig>(config.model.layers[2]);
  moe.balance_window = 8;
  require_same_in_parts(config);
  moe.gate = GateKind::sigmoid;
  require_same_in_parts(config);
}

TEST_CASE("the same with masks of every kind, in micro-batches too") {
  for (const StateKind state : {StateKind::carry, StateKind::reset}) {
    INFO(enum_name(state));
    RunConfig config = config_of(state);
    config.model.locked_dropout = true;
    config.model.embedding_dropout = 0.1;
    config.model.weight_drop = 0.3;
    if (state == StateKind::carry) config.train.zero_state = 0.2;
    auto& moe = std::get<MoeConfig>(config.model.layers[2]);
    moe.hidden_dropout = moe.mask_outputs = 0.2;
    require_same_in_parts(config);
    config.train.micro_batch_tokens = 14;
    moe.recompute = true;
    require_same_in_parts(config);
  }
}

TEST_CASE("the same with weight decay, of what is updated in every step and of what is not") {
  for (const bool all : {false, true}) {
    RunConfig config = config_of(StateKind::reset);
    for_each_group(config.optimizer, [](const std::string& name, GroupConfig& group) {
      if (name != "thresholds") group.weight_decay = 0.3;
    });
    config.optimizer.tables.rows = all ? RowUpdates::all : RowUpdates::touched;
    config.optimizer.experts.kind = all ? OptimizerKind::adam : OptimizerKind::factored;
    config.optimizer.experts.beta1 = all ? 0.9 : 0;
    require_same_in_parts(config);
  }
}

TEST_CASE("the same where every row of the tables is updated") {
  for (const StateKind state : {StateKind::carry, StateKind::reset}) {
    INFO(enum_name(state));
    RunConfig config = config_of(state);
    config.optimizer.tables.rows = RowUpdates::all;
    config.model.tied = true;
    require_same_in_parts(config);
  }
}

TEST_CASE("the same in bfloat16, with experts' weights that are rounded stochastically") {
  RunConfig config = config_of(StateKind::carry);
  config.train.dtype = TrainType::bf16;
  require_same_in_parts(config);
  std::get<MoeConfig>(config.model.layers[2]).weights = DataType::bf16;
  require_same_in_parts(config);
}

TEST_CASE("the same with an adaptive softmax") {
  RunConfig config = config_of(StateKind::carry);
  auto& softmax = std::get<SoftmaxConfig>(config.model.layers.back());
  softmax.cutoffs = {3, 7};
  softmax.divisor = 2;
  require_same_in_parts(config);
  softmax.divisor = 1;
  config.model.tied = true;
  require_same_in_parts(config);
}

/// Words of softmax in the step lines by step, and the steps of events that tell of the full softmax.
struct SoftmaxLog {
  std::map<Index, std::string> softmax;
  std::vector<Index> events;

  explicit SoftmaxLog(const std::string& run) {
    for_each_metric(run + "/metrics.jsonl", [&](const Json& line) {
      const Index step = line.at("step").get<Index>();
      if (line.contains("softmax")) softmax[step] = line["softmax"].get<std::string>();
      if (line.contains("event") && line["event"] == "full_softmax") events.push_back(step);
    });
  }
};

TEST_CASE("a sampled softmax that becomes full: stops before, at and after the switch change nothing", "[resume]") {
  const TemporaryDirectory directory(memory_directory());
  put_data(directory / "data", *tiny_tokenizer(TokenizerKind::word, {"a", "b", "c", "d", "e", "f", "g"}),
           {some_text(90, 1), some_text(12, 2), some_text(12, 3)});
  for (const bool tied : {false, true}) {
    RunConfig config = config_of(StateKind::reset);
    config.model.tied = tied;
    config.train.full_softmax = 0.4;  // 16 steps of 40
    if (tied) config.optimizer.tables.kind = OptimizerKind::adafactor, config.optimizer.tables.beta1 = 0;
    const std::string name = tied ? "tied" : "own";
    const Outcome straight = train(directory / name, directory / "data", config, 1, 0);
    const SoftmaxLog log(directory / name);
    REQUIRE(log.softmax.size() == 40);
    REQUIRE(log.softmax.at(24) == "sampled");
    REQUIRE(log.softmax.at(25) == "full");
    REQUIRE(log.softmax.at(40) == "full");
    REQUIRE(log.events == std::vector<Index>{25});
    for (const Index stop : {3, 23, 24, 25, 26, 39}) {
      CAPTURE(name, stop);
      const std::string run = directory / (name + std::to_string(stop));
      REQUIRE(train(run, directory / "data", config, 2, stop).end == TrainEnd::stopped);
      const Outcome rest = train(run, directory / "data", config, 1, 0);
      REQUIRE(rest.weights == straight.weights);
      REQUIRE(rest.optimizer == straight.optimizer);
      REQUIRE(rest.metrics == straight.metrics);
      REQUIRE(SoftmaxLog(run).events == log.events);
    }
    config.train.full_softmax = 0;
    REQUIRE(train(directory / (name + "-sampled"), directory / "data", config, 1, 0).weights != straight.weights);
  }
}

TEST_CASE("a run that is lengthened after its full softmax samples again until the last share", "[resume]") {
  const TemporaryDirectory directory(memory_directory());
  put_data(directory / "data", *tiny_tokenizer(TokenizerKind::word, {"a", "b", "c", "d", "e", "f", "g"}),
           {some_text(90, 1), some_text(12, 2), some_text(12, 3)});
  RunConfig config = config_of(StateKind::reset);
  config.train.full_softmax = 0.2;
  const auto lengthen = [&](const char* run) {
    train(directory / run, directory / "data", config, 1, 0);
    StoredRun stored = read_run(directory / run);
    stored.config.train.steps = 60;
    stored.config.schedule = lengthened(stored.config.schedule, 60);
    write_run_config(directory / run, stored);
  };
  lengthen("straight");
  const Outcome straight = train(directory / "straight", directory / "data", config, 1, 0);
  const SoftmaxLog log(directory / "straight");
  for (const auto& [step, softmax] : log.softmax) {
    CAPTURE(step);
    REQUIRE(softmax == ((step > 32 && step <= 40) || step > 48 ? "full" : "sampled"));
  }
  REQUIRE(log.events == std::vector<Index>{33, 49});
  lengthen("parts");
  train(directory / "parts", directory / "data", config, 1, 45);
  const Outcome rest = train(directory / "parts", directory / "data", config, 1, 0);
  REQUIRE(rest.weights == straight.weights);
  REQUIRE(rest.optimizer == straight.optimizer);
  REQUIRE(rest.metrics == straight.metrics);
}

TEST_CASE("a run that began with weights of another resumes from its first checkpoint", "[resume]") {
  const TemporaryDirectory directory;
  put_data(directory / "data", *tiny_tokenizer(TokenizerKind::word, {"a", "b", "c"}),
           {some_text(60, 1), some_text(12, 2), some_text(12, 3)});
  const Dataset dataset = Dataset::open(directory / "data");
  for (const StateKind state : {StateKind::carry, StateKind::reset}) {
    const std::string name(enum_name(state)), first = directory / (name + "-first"),
                                              second = directory / (name + "-second");
    RunConfig config = config_of(state);
    config.train.steps = 6;
    REQUIRE(train(first, directory / "data", config, 1, 0).end == TrainEnd::finished);
    {
      Context context(1);
      StoppingObserver observer(0);
      TrainingStart start;
      start.run = second;
      const StoredRun begun_with = new_run(second, config, dataset, {OriginKind::init, first, "", ""});
      const TrainingRun begun(context, begun_with, dataset, start, observer);
    }
    REQUIRE(train(second, directory / "data", config, 1, 0).end == TrainEnd::finished);
  }
}

TEST_CASE("a scheduled validation cut short by a stop is repeated", "[resume]") {
  const TemporaryDirectory directory;
  put_data(directory / "data", *tiny_tokenizer(TokenizerKind::word, {"a", "b", "c"}),
           {some_text(60, 1), some_text(12, 2), some_text(12, 3)});
  const RunConfig config = config_of(StateKind::carry);
  const Outcome straight = train(directory / "straight", directory / "data", config, 1, 0);
  // The request arrives at step 12, whose validation is due. It is skipped and made up for on resuming.
  train(directory / "parts", directory / "data", config, 1, 12);
  const Outcome rest = train(directory / "parts", directory / "data", config, 1, 0);
  REQUIRE(rest.weights == straight.weights);
  REQUIRE(rest.metrics == straight.metrics);
}

TEST_CASE("steps added to a finished run have their own schedule, exact across stops", "[resume]") {
  const TemporaryDirectory directory;
  put_data(directory / "data", *tiny_tokenizer(TokenizerKind::word, {"a", "b", "c"}),
           {some_text(60, 1), some_text(12, 2), some_text(12, 3)});
  RunConfig config = config_of(StateKind::carry);
  config.train.schedule = ScheduleKind::cosine;
  const auto lengthen = [&](const char* run) {
    train(directory / run, directory / "data", config, 1, 0);
    StoredRun stored = read_run(directory / run);
    stored.config.train.steps = 60;
    stored.config.schedule = lengthened(stored.config.schedule, 60);
    write_run_config(directory / run, stored);
  };
  lengthen("straight");
  const Outcome straight = train(directory / "straight", directory / "data", config, 1, 0);
  REQUIRE(straight.end == TrainEnd::finished);
  std::map<Index, double> rates;
  for (const Json& line : straight.metrics)
    if (line.contains("lr")) rates[line["step"].get<Index>()] = line["lr"].get<double>();
  REQUIRE(rates[40] == Approx(0.01 * 0.02));
  REQUIRE(rates[41] == Approx(0.001));  // warm-up over ten steps, half of the added ones
  REQUIRE(rates[50] == Approx(0.01));
  REQUIRE(rates[60] == Approx(0.01 * 0.02));

  lengthen("parts");
  train(directory / "parts", directory / "data", config, 1, 47);
  const Outcome rest = train(directory / "parts", directory / "data", config, 1, 0);
  REQUIRE(rest.weights == straight.weights);
  REQUIRE(rest.optimizer == straight.optimizer);
  REQUIRE(rest.metrics == straight.metrics);
}

TEST_CASE("schedules without a planned end: a lengthened run equals one of all steps at once", "[resume]") {
  for (const ScheduleKind kind : {ScheduleKind::inverse_sqrt, ScheduleKind::constant, ScheduleKind::plateau}) {
    const TemporaryDirectory directory;
    put_data(directory / "data", *tiny_tokenizer(TokenizerKind::word, {"a", "b", "c"}),
             {some_text(60, 1), some_text(12, 2), some_text(12, 3)});
    RunConfig config = config_of(StateKind::carry);
    config.train.schedule = kind;
    config.train.validate_every = 8;
    train(directory / "longer", directory / "data", config, 1, 0);
    StoredRun stored = read_run(directory / "longer");
    stored.config.train.steps = 60;
    stored.config.schedule = lengthened(stored.config.schedule, 60);
    write_run_config(directory / "longer", stored);
    const Outcome longer = train(directory / "longer", directory / "data", config, 1, 0);
    config.train.steps = 60;
    const Outcome at_once = train(directory / "at_once", directory / "data", config, 1, 0);
    REQUIRE(longer.weights == at_once.weights);
    REQUIRE(longer.optimizer == at_once.optimizer);
    REQUIRE(longer.metrics == at_once.metrics);
  }
}
