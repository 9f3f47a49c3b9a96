// Preset or file, then --set, then flags, then the plan; and what may change when a run continues.
#include "run/resolve_config.hpp"

#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/temporary_directory.hpp"

using namespace moelm;

namespace {

constexpr Index kTokens = 1000000;

ConfigOptions small() {
  ConfigOptions options;
  options.preset = "small";
  return options;
}

ConfigDraft draft_of(const ConfigOptions& options) { return resolve_config(options, nullptr, {kTokens}).draft; }

std::string base_of(const ConfigOptions& options) { return resolve_config(options, nullptr, {kTokens}).base; }

RunConfig new_run_of(const ConfigOptions& options = small()) {
  return resolve_config(options, nullptr, {kTokens}).config;
}

RunConfig continued(const RunConfig& stored, const ConfigOptions& options) {
  return resolve_config(options, &stored, {kTokens}).config;
}

std::string refusal(const ConfigOptions& options, Exit expected) {
  const auto resume = [&] { continued(new_run_of(), options); };
  REQUIRE(error_exit(resume) == expected);
  return error_text(resume);
}

ConfigOptions assigned(std::vector<std::string> assignments) {
  ConfigOptions options;
  options.assignments = std::move(assignments);
  return options;
}

}  // namespace

TEST_CASE("flags take effect after --set, --set after the preset") {
  ConfigOptions options = small();
  options.assignments = {"train.steps=7", "train.lr=0.5"};
  REQUIRE(draft_of(options).config.train.steps == 7);
  options.steps = 9;
  const ConfigDraft s = draft_of(options);
  REQUIRE(s.config.train.steps == 9);
  REQUIRE(s.config.train.lr == 0.5);
  REQUIRE(s.config.train.batch == 32);
}

TEST_CASE("the zero state now and then is a default for carried states alone") {
  REQUIRE(new_run_of().train.zero_state == 0.01);
  ConfigOptions lines = small();
  lines.assignments = {"train.state=reset"};
  REQUIRE(new_run_of(lines).train.zero_state == 0);
  REQUIRE(new_run_of(assigned({"train.state=reset"})).train.zero_state == 0);
  lines.assignments.push_back("train.zero_state=0.1");
  REQUIRE(error_exit([&] { new_run_of(lines); }) == Exit::bad_config);

  TemporaryDirectory folder;
  ConfigOptions file;
  file.config_file = folder / "lines.json";
  put_file(*file.config_file, R"({"train": {"state": "reset"}})");
  REQUIRE(new_run_of(file).train.zero_state == 0);
  put_file(*file.config_file, R"({"train": {"state": "reset", "zero_state": 0.1}})");
  REQUIRE(error_exit([&] { new_run_of(file); }) == Exit::bad_config);

  RunConfig before = new_run_of();
  before.train.zero_state = 0;
  REQUIRE(continued(before, small()).train.zero_state == 0);
  REQUIRE(continued(before, assigned({"train.zero_state=0.05"})).train.zero_state == 0.05);
}

TEST_CASE("steps replace epochs, and epochs replace steps") {
  ConfigOptions options;
  options.preset = "moe-32";
  REQUIRE(draft_of(options).config.train.epochs == 10);
  options.steps = 5;
  REQUIRE(draft_of(options).config.train.epochs == 0);
  options.steps.reset();
  options.assignments = {"train.steps=5"};
  options.epochs = 2;
  REQUIRE(draft_of(options).config.train.steps == 0);
  REQUIRE(draft_of(options).config.train.epochs == 2);
  REQUIRE(error_exit([] { draft_of(assigned({"train.steps=5", "train.epochs=2"})); }) == Exit::usage);
}

TEST_CASE("a file sets what it names; if it names layers, nothing comes from a preset") {
  const TemporaryDirectory directory;
  ConfigOptions options;
  options.config_file = directory / "c.json";
  put_file(*options.config_file, R"({"train": {"lr": 0.25}})");
  const ConfigDraft s = draft_of(options);
  REQUIRE(base_of(options) == "small");
  REQUIRE(s.config.train.lr == 0.25);
  REQUIRE(s.config.train.batch == 32);
  REQUIRE(s.is_given("train.lr"));
  REQUIRE_FALSE(s.is_given("train.batch"));
  put_file(*options.config_file,
           R"({"format": "moelm-run", "version": 1, "train": {"lr": 0.5}, "data": {"directory": "d"}})");
  REQUIRE(draft_of(options).config.train.lr == 0.5);
  put_file(*options.config_file, R"({"model": {"layers": [{"type": "embedding"}, {"type": "softmax"}]}})");
  const ConfigDraft own = draft_of(options);
  REQUIRE(base_of(options) == *options.config_file);
  REQUIRE(own.config.model.layers.size() == 2);
  REQUIRE(own.config.train.batch == TrainConfig{}.batch);
}

TEST_CASE("preset and file exclude each other; unknown presets and missing files are named") {
  ConfigOptions options = small();
  options.config_file = "c.json";
  REQUIRE(error_exit([&] { draft_of(options); }) == Exit::usage);
  options.config_file.reset();
  options.preset = "smal";
  REQUIRE(error_text([&] { draft_of(options); }) == "--preset smal: unknown preset; did you mean small?");
  options.preset = "gigantic";
  REQUIRE(error_text([&] { draft_of(options); }) == "--preset gigantic: unknown preset; see moe-train --list-presets");
  options.preset.reset();
  options.config_file = "/nonexistent/c.json";
  REQUIRE(error_exit([&] { draft_of(options); }) == Exit::missing_input);
}

TEST_CASE("an impossible configuration is refused") {
  ConfigOptions options = small();
  options.assignments = {"moe.k=20"};
  REQUIRE(error_exit([&] { draft_of(options); }) == Exit::bad_config);
}

TEST_CASE("the same command line continues the run unchanged") {
  ConfigOptions options = small();
  options.assignments = {"train.warmup=0", "model.width=128", "train.lr=1e-3", "train.validate_every=0"};
  options.dtype = TrainType::automatic;
  options.epochs = 2;
  const RunConfig stored = new_run_of(options);
  REQUIRE(config_json(continued(stored, options)) == config_json(stored));
  REQUIRE(config_json(continued(stored, {})) == config_json(stored));
}

TEST_CASE("steps, passes and intervals may change, and nothing else changes with them") {
  const RunConfig stored = new_run_of();
  ConfigOptions options;
  options.steps = 50000;
  options.assignments = {"train.patience=3", "train.checkpoint_every=50"};
  const RunConfig c = continued(stored, options);
  REQUIRE(c.train.steps == 50000);
  REQUIRE(c.train.warmup == stored.train.warmup);
  REQUIRE(c.train.patience == 3);
  REQUIRE(c.model.dropout == stored.model.dropout);
  ConfigOptions passes;
  passes.epochs = 30;
  REQUIRE(continued(stored, passes).train.steps == 46875);
}

TEST_CASE("any other difference is refused with both values") {
  REQUIRE(refusal(assigned({"train.lr=0.001"}), Exit::bad_config) ==
          "train.lr: expected 0.004 as in the run, found 0.001; use another --out for another run");
  REQUIRE(holds(refusal(assigned({"train.seed=2"}), Exit::bad_config), "train.seed: expected 1"));
  REQUIRE(holds(refusal(assigned({"moe.experts=8"}), Exit::bad_config), "model.layers.2.experts: expected 16"));
  REQUIRE(holds(refusal(assigned({"train.sed=2"}), Exit::usage), "did you mean train.seed"));
  ConfigOptions options;
  options.preset = "4xlstm-512";
  REQUIRE(holds(refusal(options, Exit::bad_config), "model.layers: expected 5 layers as in the run, found 6"));
  options.preset = "lstm-2048-512";
  REQUIRE(holds(refusal(options, Exit::bad_config), "found 3"));
}

TEST_CASE("a preset given again does not undo steps set for the run") {
  ConfigOptions first;
  first.preset = "moe-32";
  first.steps = 100;
  const RunConfig stored = new_run_of(first);
  ConfigOptions again;
  again.preset = "moe-32";
  REQUIRE(config_json(continued(stored, again)) == config_json(stored));
}

TEST_CASE("a kind without a first moment has beta1 = 0, and refuses any other value of the user") {
  ConfigOptions options = small();
  options.assignments = {"optimizer.experts.kind=factored", "optimizer.tables.kind=adafactor"};
  const RunConfig stored = new_run_of(options);
  REQUIRE(stored.optimizer.experts.beta1 == 0);
  REQUIRE(stored.optimizer.tables.beta1 == 0);
  REQUIRE(stored.optimizer.dense.beta1 == 0.9);
  REQUIRE(stored.optimizer.thresholds.lr_scale == 0.1);
  REQUIRE(config_json(continued(stored, options)) == config_json(stored));
  const TemporaryDirectory directory;
  ConfigOptions file;
  file.config_file = directory / "config.json";
  put_file(*file.config_file, json_text(config_json(stored)));
  REQUIRE(config_json(new_run_of(file)) == config_json(stored));

  options.assignments.push_back("optimizer.experts.beta1=0.9");
  REQUIRE(error_exit([&] { draft_of(options); }) == Exit::bad_config);
  REQUIRE(error_text([&] { draft_of(options); }) ==
          "optimizer.experts.beta1: expected 0 with optimizer.experts.kind = factored, found 0.9");
  options.assignments.back() = "optimizer.tables.beta2=0.99";
  REQUIRE(error_text([&] { draft_of(options); }) ==
          "optimizer.tables.beta2: expected 0.999 with optimizer.tables.kind = adafactor, found 0.99");
  options.assignments.back() = "optimizer.experts.beta1=0";
  REQUIRE(new_run_of(options).optimizer.experts.beta1 == 0);
}

TEST_CASE("a run keeps its kinds of optimizer") {
  REQUIRE(
      refusal(assigned({"optimizer.experts.kind=factored"}), Exit::bad_config) ==
      "optimizer.experts.kind: expected \"adam\" as in the run, found \"factored\"; use another --out for another run");
  REQUIRE(holds(refusal(assigned({"optimizer.experts.clip=1"}), Exit::bad_config), "optimizer.experts.clip: expected"));
  REQUIRE(holds(refusal(assigned({"optimizer.tables.clip=1"}), Exit::usage), "optimizer.tables.clip: unknown key"));
}

TEST_CASE("a run that takes another run's weights has that run's model") {
  PlanInputs inputs{.training_tokens = kTokens, .ordered_vocabulary = 8842};
  inputs.tokens_in_time = [](const RunConfig&) { return 1e6; };
  const auto softmax = [&](const ConfigOptions& options) {
    return std::get<SoftmaxConfig>(resolve_config(options, nullptr, inputs).config.model.layers.back());
  };
  REQUIRE_FALSE(softmax({}).cutoffs.empty());
  inputs.initial_model = new_run_of().model;
  REQUIRE(softmax({}).cutoffs.empty());
  std::get<SoftmaxConfig>(inputs.initial_model->layers.back()).cutoffs = {300};
  REQUIRE(softmax({}).cutoffs == std::vector<Index>{300});
  inputs.tokens_in_time = {};
  REQUIRE(softmax({}).cutoffs == std::vector<Index>{300});
  REQUIRE(softmax(assigned({"model.layers.4.samples=64", "model.layers.4.cutoffs=[]"})).samples == 64);
  REQUIRE(softmax(small()).cutoffs.empty());
}
