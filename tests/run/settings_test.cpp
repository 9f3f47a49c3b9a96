// Preset or file, then --set, then flags; and what may change when a run goes on.
#include "run/settings.hpp"

#include "options/plan.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/temporary_directory.hpp"

using namespace moelm;

namespace {

constexpr Index kTokens = 1000000;

SettingSources small() {
  SettingSources sources;
  sources.preset = "small";
  return sources;
}

RunConfig stored_run(const SettingSources& sources = small()) {
  return plan_run(new_settings(sources, kTokens), kTokens);
}

std::string refusal(const SettingSources& sources, Exit expected) {
  const auto resume = [&] { resumed_config(stored_run(), sources, kTokens); };
  REQUIRE(error_exit(resume) == expected);
  return error_text(resume);
}

SettingSources assigned(std::vector<std::string> assignments) {
  SettingSources sources;
  sources.assignments = std::move(assignments);
  return sources;
}

}  // namespace

TEST_CASE("flags take effect after --set, --set after the preset") {
  SettingSources sources = small();
  sources.assignments = {"train.steps=7", "train.lr=0.5"};
  REQUIRE(new_settings(sources, kTokens).config.train.steps == 7);
  sources.steps = 9;
  const Settings s = new_settings(sources, kTokens);
  REQUIRE(s.config.train.steps == 9);
  REQUIRE(s.config.train.lr == 0.5);
  REQUIRE(s.config.train.batch == 32);
}

TEST_CASE("a number of steps takes the place of a number of passes, and the other way round") {
  SettingSources sources;
  sources.preset = "moe-32";
  REQUIRE(new_settings(sources, kTokens).config.train.epochs == 10);
  sources.steps = 5;
  REQUIRE(new_settings(sources, kTokens).config.train.epochs == 0);
  sources.steps.reset();
  sources.assignments = {"train.steps=5"};
  sources.epochs = 2;
  REQUIRE(new_settings(sources, kTokens).config.train.steps == 0);
  REQUIRE(new_settings(sources, kTokens).config.train.epochs == 2);
  REQUIRE(error_exit([] { new_settings(assigned({"train.steps=5", "train.epochs=2"}), kTokens); }) == Exit::usage);
}

TEST_CASE("a file sets what it names; with layers of its own nothing comes from a preset") {
  const TemporaryDirectory directory;
  SettingSources sources;
  sources.config_file = directory / "c.json";
  std::string base;
  put_file(*sources.config_file, R"({"train": {"lr": 0.25}})");
  const Settings s = new_settings(sources, kTokens, &base);
  REQUIRE(base == "small");
  REQUIRE(s.config.train.lr == 0.25);
  REQUIRE(s.config.train.batch == 32);
  REQUIRE(s.is_given("train.lr"));
  REQUIRE_FALSE(s.is_given("train.batch"));
  put_file(*sources.config_file,
           R"({"format": "moelm-run", "version": 1, "train": {"lr": 0.5}, "data": {"directory": "d"}})");
  REQUIRE(new_settings(sources, kTokens).config.train.lr == 0.5);
  put_file(*sources.config_file, R"({"model": {"layers": [{"type": "embedding"}, {"type": "softmax"}]}})");
  const Settings own = new_settings(sources, kTokens, &base);
  REQUIRE(base == *sources.config_file);
  REQUIRE(own.config.model.layers.size() == 2);
  REQUIRE(own.config.train.batch == TrainConfig{}.batch);
}

TEST_CASE("preset and file exclude each other; unknown presets and missing files are named") {
  SettingSources sources = small();
  sources.config_file = "c.json";
  REQUIRE(error_exit([&] { new_settings(sources, kTokens); }) == Exit::usage);
  sources.config_file.reset();
  sources.preset = "smal";
  REQUIRE(error_text([&] { new_settings(sources, kTokens); }) == "--preset smal: unknown preset; did you mean small?");
  sources.preset.reset();
  sources.config_file = "/nonexistent/c.json";
  REQUIRE(error_exit([&] { new_settings(sources, kTokens); }) == Exit::missing_input);
}

TEST_CASE("a configuration that cannot be is refused before anything else") {
  SettingSources sources = small();
  sources.assignments = {"moe.k=20"};
  REQUIRE(error_exit([&] { new_settings(sources, kTokens); }) == Exit::bad_config);
}

TEST_CASE("the same line again continues the run as it is") {
  SettingSources sources = small();
  sources.assignments = {"train.warmup=0", "model.width=128", "train.lr=1e-3", "train.validate_every=0"};
  sources.dtype = "auto";
  sources.epochs = 2;
  const RunConfig stored = stored_run(sources);
  REQUIRE(config_json(resumed_config(stored, sources, kTokens)) == config_json(stored));
  REQUIRE(config_json(resumed_config(stored, {}, kTokens)) == config_json(stored));
}

TEST_CASE("steps, passes and intervals may change, and nothing else changes with them") {
  const RunConfig stored = stored_run();
  SettingSources sources;
  sources.steps = 50000;
  sources.assignments = {"train.patience=3", "train.checkpoint_every=50"};
  const RunConfig c = resumed_config(stored, sources, kTokens);
  REQUIRE(c.train.steps == 50000);
  REQUIRE(c.train.warmup == stored.train.warmup);
  REQUIRE(c.train.patience == 3);
  REQUIRE(c.model.dropout == stored.model.dropout);
  SettingSources passes;
  passes.epochs = 30;
  REQUIRE(resumed_config(stored, passes, kTokens).train.steps == 46875);
}

TEST_CASE("anything else that is typed and differs is refused with both values") {
  REQUIRE(refusal(assigned({"train.lr=0.001"}), Exit::bad_config) ==
          "train.lr: expected 0.004 as in the run, found 0.001; use another --out for another run");
  REQUIRE(holds(refusal(assigned({"train.seed=2"}), Exit::bad_config), "train.seed: expected 1"));
  REQUIRE(holds(refusal(assigned({"moe.experts=8"}), Exit::bad_config), "model.layers.2.experts: expected 16"));
  REQUIRE(holds(refusal(assigned({"train.sed=2"}), Exit::usage), "did you mean train.seed"));
  SettingSources sources;
  sources.preset = "4xlstm-512";
  REQUIRE(holds(refusal(sources, Exit::bad_config), "model.layers: expected 5 layers as in the run, found 6"));
  sources.preset = "lstm-2048-512";
  REQUIRE(holds(refusal(sources, Exit::bad_config), "found 3"));
}

TEST_CASE("a preset typed again does not undo steps that the run was given") {
  SettingSources first;
  first.preset = "moe-32";
  first.steps = 100;
  const RunConfig stored = stored_run(first);
  SettingSources again;
  again.preset = "moe-32";
  REQUIRE(config_json(resumed_config(stored, again, kTokens)) == config_json(stored));
}

TEST_CASE("a kind without a first moment sets beta1 to 0 where nobody set it, and refuses any other value") {
  SettingSources sources = small();
  sources.assignments = {"optimizer.experts.kind=factored", "optimizer.tables.kind=adafactor"};
  const RunConfig stored = stored_run(sources);
  REQUIRE(stored.optimizer.experts.beta1 == 0);
  REQUIRE(stored.optimizer.tables.beta1 == 0);
  REQUIRE(stored.optimizer.dense.beta1 == 0.9);
  REQUIRE(stored.optimizer.thresholds.lr_scale == 0.1);
  REQUIRE(config_json(resumed_config(stored, sources, kTokens)) == config_json(stored));
  const TemporaryDirectory directory;
  SettingSources file;
  file.config_file = directory / "config.json";
  put_file(*file.config_file, json_text(config_json(stored)));
  REQUIRE(config_json(stored_run(file)) == config_json(stored));

  sources.assignments.push_back("optimizer.experts.beta1=0.9");
  REQUIRE(error_exit([&] { new_settings(sources, kTokens); }) == Exit::bad_config);
  REQUIRE(error_text([&] { new_settings(sources, kTokens); }) ==
          "optimizer.experts.beta1: expected 0 with optimizer.experts.kind = factored, found 0.9");
  sources.assignments.back() = "optimizer.tables.beta2=0.99";
  REQUIRE(error_text([&] { new_settings(sources, kTokens); }) ==
          "optimizer.tables.beta2: expected 0.999 with optimizer.tables.kind = adafactor, found 0.99");
  sources.assignments.back() = "optimizer.experts.beta1=0";
  REQUIRE(stored_run(sources).optimizer.experts.beta1 == 0);
}

TEST_CASE("a run goes on with the kinds of optimizer that it has") {
  REQUIRE(
      refusal(assigned({"optimizer.experts.kind=factored"}), Exit::bad_config) ==
      "optimizer.experts.kind: expected \"adam\" as in the run, found \"factored\"; use another --out for another run");
  REQUIRE(holds(refusal(assigned({"optimizer.experts.clip=1"}), Exit::bad_config), "optimizer.experts.clip: expected"));
  REQUIRE(holds(refusal(assigned({"optimizer.tables.clip=1"}), Exit::usage), "optimizer.tables.clip: unknown key"));
}
