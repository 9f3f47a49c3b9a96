// A number that is not finite is caught in the step where it arises, named and recorded, and the step is skipped.
// Training ends with exit code 76 and leaves the last good checkpoint untouched.
#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <memory>

#include "checkpoint/checkpoint_names.hpp"
#include "checkpoint/verify.hpp"
#include "io/checksum.hpp"
#include "io/file.hpp"
#include "model_files/model_store.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/new_run.hpp"
#include "support/temporary_directory.hpp"
#include "support/tiny_data.hpp"
#include "training/step_check.hpp"
#include "training/training_run.hpp"

using namespace moelm;

namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

std::string some_text() {
  std::string text;
  for (int i = 0; i < 120; ++i) text += i % 3 == 0 ? "a b c a\n" : "b a d\n";
  return text;
}

struct Case {
  Case() {
    put_data(directory / "data", *tiny_tokenizer(TokenizerKind::word, {"a", "b", "c", "d"}),
             {some_text(), "a b c a\nb a d\n", ""});
    config.model = tiny_model();
    config.train.batch = 4;
    config.train.unroll = 5;
    config.train.lr = 0.01;
    config.train.warmup = 1;
    config.train.steps = 20;
    config.train.validate_every = 0;
    config.train.max_bad_steps = 3;
    config.train.checkpoint_every = "1";
  }

  TemporaryDirectory directory;
  RunConfig config;
};

std::string sum_of(Learner& learner) {
  Sha256 sum;
  const OptimizerTensors optimizer = learner.optimizer_tensors();
  for (const auto& tensors : {named_tensors(learner.parameters()), optimizer.moments})
    for (const NamedTensor& t : tensors)
      sum.add({reinterpret_cast<const char*>(t.values->data()), static_cast<std::size_t>(t.values->size()) * 4});
  return sum.finish();
}

/// Calls `act` after every step, and records what it observes.
class ActingObserver final : public TrainObserver {
 public:
  ActingObserver(Trainer& trainer, std::function<void(Index step)> act) : trainer_(trainer), act_(std::move(act)) {}
  void on_step(const StepReport& report) override { note(report); }
  void on_non_finite_step(const StepReport& report) override {
    faults.push_back(report.result.fault);
    applied.push_back(report.result.applied);
    if (!report.result.applied) CHECK(sum_of(trainer_.learner()) == before_);
    note(report);
  }
  void on_validation(const ValidationReport& report) override { best.push_back(report.best); }
  bool on_save(bool, SaveTime) override {
    ++saves;
    saved.push_back(trainer_.progress().step);
    return true;
  }

  std::vector<std::string> faults;
  std::vector<bool> applied, best;
  int saves = 0;
  std::vector<Index> saved;

 private:
  void note(const StepReport& report) {
    act_(report.progress.step);
    before_ = sum_of(trainer_.learner());
  }
  Trainer& trainer_;
  std::function<void(Index)> act_;
  std::string before_;
};

/// Makes the experts' hidden units overflow: the loss stays finite, the gradients do not.
void overflow_gradients(Learner& learner) {
  auto& layers = learner.parameters().layers;
  Matrix& embedding = std::get<EmbeddingParameters>(layers[0]).weight;
  for (Index i = 0; i < embedding.rows(); ++i) embedding(i, 0) = 1e3f;
  for (ExpertParameters& expert : std::get<MoeParameters>(layers[2]).experts) {
    for (Index i = 0; i < expert.weight[0].rows(); ++i) expert.weight[0](i, 0) = 3e38f;
    for (float& w : expert.weight[1].values()) w = 1;
  }
}

std::vector<Matrix> copies(Learner& learner) {
  std::vector<Matrix> all;
  for (const NamedTensor& t : named_tensors(learner.parameters())) {
    all.emplace_back(t.values->rows(), t.values->cols());
    std::copy_n(t.values->data(), t.values->size(), all.back().data());
  }
  return all;
}

void put_back(const std::vector<Matrix>& all, Learner& learner) {
  const auto tensors = named_tensors(learner.parameters());
  for (std::size_t i = 0; i < all.size(); ++i) std::copy_n(all[i].data(), all[i].size(), tensors[i].values->data());
}

/// Makes the gradients of steps 5, 6 and 7 overflow.
ActingObserver overflow_for_three_steps(Trainer& trainer) {
  return {trainer, [&trainer, good = std::make_shared<std::vector<Matrix>>()](Index step) {
            if (step == 4) *good = copies(trainer.learner()), overflow_gradients(trainer.learner());
            if (step == 7) put_back(*good, trainer.learner());
          }};
}

class MessageObserver final : public TrainObserver {
 public:
  void message(const std::string& text) override { messages += text + "\n"; }
  std::string messages;
};

}  // namespace

TEST_CASE("a step with overflowing gradients is named and skipped, and forgotten once they are finite again",
          "[divergence]") {
  Case test;
  test.config.train.max_bad_steps = 5;
  const Dataset data = Dataset::open(test.directory / "data");
  Context context(2);
  Trainer trainer(context, test.config, data);
  ActingObserver observer = overflow_for_three_steps(trainer);
  REQUIRE(trainer.run(observer, 0) == TrainEnd::finished);
  REQUIRE(observer.faults.size() == 3);
  for (const std::string& fault : observer.faults) CHECK(fault.rfind("gradient of layers.", 0) == 0);
  CHECK(observer.applied == std::vector<bool>{false, false, false});
  CHECK(trainer.progress().skipped_steps == 0);
  CHECK(trainer.progress().step == 20);
}

TEST_CASE("a step that is skipped leaves its checkpoint to the next step that is made", "[divergence]") {
  Case test;
  test.config.train.max_bad_steps = 5;
  test.config.train.checkpoint_every = "6";
  const Dataset data = Dataset::open(test.directory / "data");
  Context context(1);
  Trainer trainer(context, test.config, data);
  ActingObserver observer = overflow_for_three_steps(trainer);
  REQUIRE(trainer.run(observer, 0) == TrainEnd::finished);
  REQUIRE(observer.faults.size() == 3);  // steps 5, 6 and 7
  CHECK(observer.saved == std::vector<Index>{8, 12, 18, 20});
}

TEST_CASE("after max_bad_steps skipped steps in a row training ends with 76 and says why", "[divergence]") {
  Case test;
  const Dataset data = Dataset::open(test.directory / "data");
  Context context(1);
  Trainer trainer(context, test.config, data);
  ActingObserver observer(trainer, [&](Index step) {
    if (step == 4) overflow_gradients(trainer.learner());
  });
  std::string message;
  try {
    trainer.run(observer, 0);
  } catch (const Error& error) {
    CHECK(error.exit() == Exit::diverged);
    message = error.what();
  }
  INFO(message);
  CHECK(holds(message,
              "training: step 7: expected finite numbers, found 3 steps in a row that were skipped (gradient of"));
  CHECK(observer.faults.size() == 3);
  CHECK(observer.saves == 4);        // between skipped steps there is nothing new to save
  CHECK(trainer.sound_step() == 3);  // the weights of step 4 gave no finite numbers
}

TEST_CASE("a weight that is not finite is named with its element and ends training at once", "[divergence]") {
  for (const bool infinite : {false, true}) {
    Case test;
    const Dataset data = Dataset::open(test.directory / "data");
    Context context(2);
    Trainer trainer(context, test.config, data);
    const float bad = infinite ? std::numeric_limits<float>::infinity() : kNaN;
    ActingObserver observer(trainer, [&](Index step) {
      if (step == 4) std::get<LstmParameters>(trainer.learner().parameters().layers[1]).bias.data()[5] = bad;
    });
    const auto run = [&] { trainer.run(observer, 0); };
    const std::string message = error_text(run);
    INFO(message);
    CHECK(holds(message, "training: step 5: expected finite numbers, found "));
    CHECK(holds(message, "layers.1.bias, element 5"));
    CHECK(observer.faults.size() == 1);
    CHECK(observer.saves == 4);
  }
}

TEST_CASE("a step that spoils a weight is caught in that step and recorded, and nothing is saved", "[divergence]") {
  Case test;
  test.config.train.lr = 1e39;  // larger than any float
  put_new_run(test.directory / "run", test.config, Dataset::open(test.directory / "data"));
  const Dataset data = Dataset::open(test.directory / "data");
  Context context(1);
  MessageObserver observer;
  TrainingStart start;
  start.run = test.directory / "run";
  Exit exit = Exit::ok;
  std::string message;
  try {
    TrainingRun(context, read_run(start.run), data, start, observer).run();
  } catch (const Error& error) {
    exit = error.exit();
    message = error.what();
  }
  INFO(message);
  CHECK(exit == Exit::diverged);
  CHECK(holds(message, "training: step 1: expected finite numbers, found layers."));
  std::vector<Json> events;
  for_each_metric(start.run + "/metrics.jsonl", [&](const Json& line) { events.push_back(line); });
  REQUIRE(events.size() == 1);
  CHECK(events[0]["event"] == "bad_step");
  CHECK(events[0]["step"] == 1);
  CHECK(events[0]["applied"] == true);
  CHECK(events[0]["batch"] == 0);
  CHECK(holds(events[0]["cause"].get<std::string>(), "layers."));
  CHECK(checkpoint_names(start.run + "/checkpoints", real_file_system()).empty());
}

TEST_CASE("an exploding learning rate leaves the last good checkpoint intact and every bad step in the log",
          "[divergence]") {
  Case test;
  test.config.train.lr = 1e38;
  put_new_run(test.directory / "run", test.config, Dataset::open(test.directory / "data"));
  const Dataset data = Dataset::open(test.directory / "data");
  Context context(1);
  MessageObserver observer;
  TrainingStart start;
  start.run = test.directory / "run";
  const auto train = [&] { TrainingRun(context, read_run(start.run), data, start, observer).run(); };
  Exit exit = error_exit(train);
  CHECK(exit == Exit::diverged);
  CHECK(run_faults(start.run).empty());
  int bad = 0, last = 0;
  for_each_metric(start.run + "/metrics.jsonl", [&](const Json& line) {
    if (!line.contains("event") || line["event"] != "bad_step") return;
    ++bad;
    last = line["in_a_row"].get<int>();
    CHECK_FALSE(line["cause"].get<std::string>().empty());
  });
  CHECK(bad >= 1);
  CHECK(last == bad);
  // The same after reading the run from disk.
  exit = error_exit(train);
  CHECK(exit == Exit::diverged);
  CHECK(run_faults(start.run).empty());
}

TEST_CASE("a validation that is not finite is never the best", "[divergence]") {
  Case test;
  test.config.train.steps = 4;
  test.config.train.validate_every = 2;
  const auto tokenizer = tiny_tokenizer(TokenizerKind::word, {"a", "b", "c", "d", "e"});
  put_data(test.directory / "odd", *tokenizer, {some_text(), "e e\n", ""});
  const Dataset data = Dataset::open(test.directory / "odd");
  Context context(1);
  Trainer trainer(context, test.config, data);
  // A row that training never reads: it is finite, but what is computed from it is not.
  EncodedText text;
  tokenizer->encode("e", text);
  Matrix& rows = std::get<EmbeddingParameters>(trainer.learner().parameters().layers[0]).weight;
  std::fill_n(rows.row(text.ids.at(0)), rows.cols(), 3e38f);
  Matrix& input = std::get<LstmParameters>(trainer.learner().parameters().layers[1]).weight_ih;
  for (Index i = 0; i < input.size(); ++i) input.data()[i] = i % 2 == 0 ? 2.0f : -2.0f;
  ActingObserver observer(trainer, [](Index) {});
  trainer.run(observer, 0);
  CHECK(observer.faults.empty());
  CHECK(observer.best == std::vector<bool>{false, false});
  CHECK(trainer.progress().best_step == 0);
  CHECK(std::isfinite(trainer.progress().best_nll));
}

TEST_CASE(
    "the checkpoint named at exit 76 exists and is sound, however few are kept and however many steps were skipped",
    "[divergence]") {
  int named = 0, streaks = 0;
  for (const double lr : {1e8, 4e10, 1e13, 1e18})
    for (const Index keep : {1, 2}) {
      Case test;
      test.config.train.keep = keep;
      test.config.train.lr = lr;
      test.config.train.warmup = 100;
      test.config.train.clip = 0;
      test.config.train.steps = 400;
      const Dataset data = Dataset::open(test.directory / "data");
      put_new_run(test.directory / "run", test.config, data);
      Context context(1);
      MessageObserver observer;
      TrainingStart start;
      start.run = test.directory / "run";
      std::string message;
      try {
        TrainingRun(context, read_run(start.run), data, start, observer).run();
        continue;  // this rate harms nothing on this machine
      } catch (const Error& error) {
        REQUIRE(error.exit() == Exit::diverged);
        message = error.what();
      }
      INFO(message);
      streaks += holds(message, "3 steps in a row");
      if (holds(message, "no checkpoint is known to be sound")) continue;
      const std::size_t begin = message.find("--init ") + 7;
      LoadedModel model = load_model(message.substr(begin, message.find(' ', begin) - begin));
      Scorer scorer(context, model.run.config.model, model.parameters);
      // Its weights gave finite numbers in the step after it.
      const Evaluation evaluation = evaluate_split(scorer, data, Split::train, {StateKind::carry, 4});
      CHECK(std::isfinite(evaluation.mean_nll()));
      ++named;
    }
  CHECK(named >= 2);
  CHECK(streaks >= 1);
}

/// The origin of a run whose first weights `spoil` has changed.
RunOrigin spoiled_origin(Case& test, const Dataset& data, const std::function<void(ModelParameters&)>& spoil) {
  Context context(1);
  Trainer trainer(context, test.config, data);
  spoil(trainer.learner().parameters());
  CheckpointContents contents;
  contents.step = 12;
  contents.model = tensor_views(named_tensors(trainer.learner().parameters()));
  contents.state = {{"run", put_new_run(test.directory / "spoiled", test.config, data).identity}};
  CheckpointStore(test.directory / "spoiled").save(contents, {});
  RunOrigin origin;
  origin.kind = OriginKind::init;
  origin.path = test.directory / "spoiled/checkpoints/step-000000000012";
  return origin;
}

Index id_of(const Tokenizer& tokenizer, std::string_view word) {
  EncodedText text;
  tokenizer.encode(word, text);
  return text.ids.at(0);
}

TEST_CASE("a run whose last validation is not finite ends with 76, at the end and when it is started again",
          "[divergence]") {
  Case test;
  test.config.train.steps = 4;
  test.config.train.validate_every = 2;
  const auto tokenizer = tiny_tokenizer(TokenizerKind::word, {"a", "b", "c", "d", "e"});
  put_data(test.directory / "odd", *tokenizer, {some_text(), "e e\n", ""});
  const Dataset data = Dataset::open(test.directory / "odd");
  // A finite embedding that makes what follows e impossible.
  const RunOrigin spoiled = spoiled_origin(test, data, [&](ModelParameters& parameters) {
    Matrix& rows = std::get<EmbeddingParameters>(parameters.layers[0]).weight;
    std::fill_n(rows.row(id_of(*tokenizer, "e")), rows.cols(), 3e38f);
    Matrix& input = std::get<LstmParameters>(parameters.layers[1]).weight_ih;
    for (Index i = 0; i < input.size(); ++i) input.data()[i] = i % 2 == 0 ? 2.0f : -2.0f;
  });
  Context context(1);
  MessageObserver observer;
  TrainingStart start;
  start.run = test.directory / "run";
  const StoredRun stored = new_run(start.run, test.config, data, spoiled);
  const auto train = [&] { TrainingRun(context, stored, data, start, observer).run(); };
  const std::string message = error_text(train);
  CHECK(holds(message,
              "training: step 4: expected a finite validation perplexity, found NaN or infinity; no checkpoint"));
  CHECK(holds(observer.messages, "warning: step 2: the validation perplexity is not a finite number"));
  CHECK(get_file(start.run + "/result.json").find("perplexity") == std::string::npos);
  TrainingRun again(context, read_run(start.run), data, start, observer);
  CHECK(again.finished());
  CHECK(error_exit([&] { again.complete_result(); }) == Exit::diverged);
}

TEST_CASE("without validation text, a training perplexity that overflows ends the run with 76", "[divergence]") {
  Case test;
  test.config.train.steps = 3;
  const auto tokenizer = tiny_tokenizer(TokenizerKind::word, {"a", "b", "c", "d"});
  put_data(test.directory / "unvalidated", *tokenizer, {some_text(), "", ""});
  const Dataset data = Dataset::open(test.directory / "unvalidated");
  // The loss is a huge finite number, its exponential is not.
  const RunOrigin spoiled = spoiled_origin(test, data, [&](ModelParameters& parameters) {
    std::get<SoftmaxParameters>(parameters.layers.back()).bias.data()[id_of(*tokenizer, "a")] = -1e6f;
  });
  Context context(1);
  MessageObserver observer;
  TrainingStart start;
  start.run = test.directory / "run";
  const StoredRun stored = new_run(start.run, test.config, data, spoiled);
  CHECK(holds(error_text([&] { TrainingRun(context, stored, data, start, observer).run(); }),
              "training: step 3: expected a finite training perplexity, found infinity; no checkpoint"));
  TrainingRun again(context, read_run(start.run), data, start, observer);
  CHECK(again.finished());
  CHECK(error_exit([&] { again.complete_result(); }) == Exit::diverged);
}

TEST_CASE("the first bad number is found wherever it is, with any number of threads") {
  const ModelConfig config = tiny_model();
  ModelParameters parameters = random_parameters(config, 500, 3);
  const std::vector<NamedTensor> tensors = named_tensors(parameters);
  for (const int threads : {1, 3}) {
    Context context(threads);
    CHECK(first_bad_number(context, tensors).empty());
    for (const NamedTensor& t : tensors) {
      const Index at = t.values->size() - 1;
      const float before = t.values->data()[at];
      t.values->data()[at] = kNaN;
      CHECK(first_bad_number(context, tensors) == t.name + ", element " + std::to_string(at));
      t.values->data()[at] = before;
    }
  }
}
