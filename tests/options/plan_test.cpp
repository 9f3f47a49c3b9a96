// The plan follows from the number of training tokens and keeps values of the user.
#include "options/plan.hpp"

#include "model/exposure.hpp"
#include "options/presets.hpp"
#include "run/resolve_config.hpp"
#include "support/catch.hpp"

using namespace moelm;

namespace {

constexpr Index kMillion = 1000000;

RunConfig plan(Index tokens, const ConfigOptions& options = {}) {
  return resolve_config(options, nullptr, {tokens}).config;
}

ConfigOptions typed(std::vector<std::string> assignments, std::optional<std::string> preset = {}) {
  ConfigOptions options;
  options.assignments = std::move(assignments);
  options.preset = std::move(preset);
  return options;
}

}  // namespace

TEST_CASE("the model follows from the size of the corpus") {
  REQUIRE(preset_for(0) == "small");
  REQUIRE(preset_for(14 * kMillion - 1) == "small");
  REQUIRE(preset_for(14 * kMillion) == "base");
  REQUIRE(preset_for(66 * kMillion) == "base");
  REQUIRE(preset_for(67 * kMillion) == "large");
}

TEST_CASE("a larger model is chosen only where the time is enough for it, and the text long enough") {
  const auto reads = [](double tokens) { return [tokens](const std::string&) { return tokens; }; };
  REQUIRE(preset_for(100 * kMillion, reads(300e6)) == "large");
  REQUIRE(preset_for(100 * kMillion, reads(199e6)) == "base");
  REQUIRE(preset_for(100 * kMillion, reads(41e6)) == "small");
  REQUIRE(preset_for(6 * kMillion, reads(60e6)) == "base");
  REQUIRE(preset_for(4 * kMillion, reads(60e6)) == "small");
}

TEST_CASE("what base and large need is 5 tokens per active weight and 3 visits per expert weight") {
  const auto at = [](const char* preset, double tokens) {
    return exposure(plan(kMillion, typed({}, preset)).model, {tokens, 0, 10000});
  };
  REQUIRE(at("base", 42e6).per_active_weight == Approx(5).epsilon(0.01));
  REQUIRE(*at("base", 42e6).per_expert_weight > 3);
  REQUIRE(*at("large", 200e6).per_expert_weight == Approx(3).epsilon(0.01));
  REQUIRE(at("large", 200e6).per_active_weight > 5);
}

TEST_CASE("with ids ordered by frequency the chosen model has an adaptive softmax") {
  REQUIRE(planned_cutoffs(4000).empty());
  REQUIRE(planned_cutoffs(8842) == std::vector<Index>{2000});
  REQUIRE(planned_cutoffs(33278) == std::vector<Index>{2000, 10000});
  REQUIRE(planned_cutoffs(793471) == std::vector<Index>{2000, 10000, 50000});
  const auto softmax = [](const ConfigOptions& options, Index ordered, bool timed) {
    PlanInputs inputs{.training_tokens = kMillion, .ordered_vocabulary = ordered};
    if (timed) inputs.tokens_in_time = [](const RunConfig&) { return 1e6; };
    return std::get<SoftmaxConfig>(resolve_config(options, nullptr, inputs).config.model.layers.back());
  };
  REQUIRE(softmax({}, 33278, true).cutoffs == std::vector<Index>{2000, 10000});
  REQUIRE(softmax({}, 33278, false).cutoffs == std::vector<Index>{2000, 10000});
  REQUIRE(softmax({}, 0, true).cutoffs.empty());
  REQUIRE(softmax(typed({}, "small"), 33278, true).cutoffs.empty());
  REQUIRE(softmax(typed({"model.layers.4.samples=512"}), 33278, true).cutoffs.empty());
  REQUIRE(softmax(typed({"model.layers.4.cutoffs=[]"}), 33278, true).cutoffs.empty());
  const SoftmaxConfig tied = softmax(typed({"model.tied=true"}), 33278, true);
  REQUIRE(tied.cutoffs == std::vector<Index>{2000, 10000});
  REQUIRE(tied.divisor == 1);
  REQUIRE(softmax(typed({"model.tied=true", "model.layers.4.divisor=2"}), 33278, true).cutoffs.empty());
  REQUIRE(softmax(typed({"model.tied=true", "model.layers.4.cutoffs=[7]"}, "small"), 33278, true).divisor == 1);
}

TEST_CASE("beyond five passes the chosen model is regularised more") {
  const auto config = [](double epochs, ConfigOptions options) {
    options.epochs = epochs;
    return resolve_config(options, nullptr, {.training_tokens = kMillion}).config;
  };
  const auto model = [&](double epochs, const ConfigOptions& options) { return config(epochs, options).model; };
  const auto bias = [](const ModelConfig& m) { return std::get<SoftmaxConfig>(m.layers.back()).unigram_bias; };
  const ModelConfig few = model(5, {}), many = model(5.1, {});
  REQUIRE_FALSE(few.locked_dropout);
  REQUIRE(few.embedding_dropout == 0);
  REQUIRE_FALSE(bias(few));
  REQUIRE(many.locked_dropout);
  REQUIRE(many.embedding_dropout == 0.1);
  REQUIRE(bias(many));
  REQUIRE(many.dropout == 0.3);
  REQUIRE(many.weight_drop == 0);
  REQUIRE(model(15.1, {}).weight_drop == 0.3);
  REQUIRE(model(15.1, {}).dropout == 0.4);
  REQUIRE(model(15.1, typed({"model.weight_drop=0.1"})).weight_drop == 0.1);
  const OptimizerConfig decaying = config(12, typed({"optimizer.tables.weight_decay=0.5"})).optimizer;
  REQUIRE(decaying.dense.weight_decay == 0.1);
  REQUIRE(decaying.experts.weight_decay == 0.1);
  REQUIRE(decaying.tables.weight_decay == 0.5);
  REQUIRE(decaying.thresholds.weight_decay == 0);
  REQUIRE(config(5, {}).optimizer.dense.weight_decay == 0);
  const ModelConfig mine = model(12, typed({"model.locked_dropout=false", "model.layers.4.unigram_bias=false"}));
  REQUIRE_FALSE(mine.locked_dropout);
  REQUIRE_FALSE(bias(mine));
  REQUIRE(mine.embedding_dropout == 0.1);
  const ModelConfig asked = model(12, typed({}, "small"));
  REQUIRE_FALSE(asked.locked_dropout);
  REQUIRE_FALSE(bias(asked));
  PlanInputs timed{.training_tokens = kMillion};
  timed.tokens_in_time = [](const RunConfig&) { return 4.9e6; };
  REQUIRE_FALSE(resolve_config({}, nullptr, timed).config.model.locked_dropout);
  timed.tokens_in_time = [](const RunConfig&) { return 6e6; };
  REQUIRE(resolve_config({}, nullptr, timed).config.model.locked_dropout);
  REQUIRE_FALSE(plan(0).model.locked_dropout);
}

TEST_CASE("with a time, steps are those of 30 passes and dropout is for the passes that are expected") {
  const auto timed = [](Index tokens, double read, const ConfigOptions& options) {
    PlanInputs inputs{tokens};
    inputs.tokens_in_time = [read](const RunConfig&) { return read; };
    return resolve_config(options, nullptr, inputs).config;
  };
  const RunConfig few = timed(kMillion, 0.5e6, {});
  REQUIRE(few.train.steps == 46875);  // 30 passes of 640 tokens a step
  REQUIRE(few.model.dropout == 0.1);
  REQUIRE(timed(kMillion, 4e6, {}).model.dropout == 0.2);
  REQUIRE(timed(kMillion, 10e6, {}).model.dropout == 0.3);
  ConfigOptions options;
  options.steps = 1000;
  REQUIRE(timed(kMillion, 1e9, options).train.steps == 1000);
  REQUIRE(timed(kMillion, 1e9, options).model.dropout == 0.1);
  options.steps.reset();
  options.epochs = 4;
  REQUIRE(timed(kMillion, 1e9, options).train.steps == 6250);
  REQUIRE(timed(kMillion, 1e6, options).model.dropout == 0.1);
  options.assignments = {"model.dropout=0.4"};
  REQUIRE(timed(kMillion, 1e6, options).model.dropout == 0.4);
  REQUIRE(timed(0, 1e6, {}).train.steps == plan(0).train.steps);
}

TEST_CASE("the plan for the King James Version") {
  const RunConfig c = plan(897286);
  REQUIRE(c.train.batch == 32);
  REQUIRE(c.train.unroll == 20);
  REQUIRE(c.train.lr == 4e-3);
  REQUIRE(c.train.schedule == ScheduleKind::cosine);
  REQUIRE(c.train.steps == 16825);  // 12 passes of 897,286 tokens, 640 a step
  REQUIRE(c.train.warmup == 841);
  REQUIRE(c.train.validate_every == 1000);
  REQUIRE(c.train.clip == 1.0);
  REQUIRE(c.model.dropout == 0.3);
  REQUIRE(c.optimizer.dense.beta2 == 0.999);
}

TEST_CASE("a larger corpus gets the larger model, fewer passes and less dropout") {
  const RunConfig base = plan(20 * kMillion);
  REQUIRE(base.train.batch == 64);
  REQUIRE(base.train.lr == 2e-3);
  REQUIRE(base.train.steps == 26786);  // three passes
  REQUIRE(base.train.validate_every == 1000);
  REQUIRE(base.train.warmup == 1000);
  REQUIRE(base.model.dropout == 0.2);
  REQUIRE(plan(20 * kMillion, typed({"train.epochs=2"})).model.dropout == 0.1);
  REQUIRE(plan(20 * kMillion, typed({"train.epochs=5"})).model.dropout == 0.2);
  REQUIRE(plan(20 * kMillion, typed({"train.epochs=5.1"})).model.dropout == 0.3);
}

TEST_CASE("validations take about a twentieth of the time, but there are at least eight if passes allow it") {
  const auto interval = [](Index training, Index valid, double epochs) {
    ConfigOptions options;
    options.epochs = epochs;
    PlanInputs inputs{.training_tokens = training, .validation_tokens = valid};
    return resolve_config(options, nullptr, inputs).config.train.validate_every;
  };
  REQUIRE(interval(2 * kMillion, 0, 8) == 1000);
  REQUIRE(interval(2 * kMillion, 60'000, 8) == 1000);
  REQUIRE(interval(2 * kMillion, 128'000, 8) == 2000);  // 0.5 x 128,000 are 5 % of 2,000 x 640
  REQUIRE(interval(2 * kMillion, 640'000, 8) == 3125);  // an eighth of 25,000 steps
  REQUIRE(interval(2 * kMillion, 640'000, 1) == 1000);  // an eighth of the pass would be more often
  REQUIRE(interval(kMillion / 10, 640'000, 1) == 157);  // a pass
  PlanInputs timed{.training_tokens = 2 * kMillion, .validation_tokens = 640'000};
  timed.tokens_in_time = [](const RunConfig&) { return 10e6; };
  REQUIRE(resolve_config({}, nullptr, timed).config.train.validate_every == 1954);  // an eighth of five passes
}

TEST_CASE("planned tokens are 16 million, within 3 and 12 passes") {
  REQUIRE(planned_tokens(0) == 16 * kMillion);
  REQUIRE(planned_tokens(1000) == 12000);
  REQUIRE(planned_tokens(2 * kMillion) == 16 * kMillion);
  REQUIRE(planned_tokens(100 * kMillion) == 300 * kMillion);
}

TEST_CASE("warm-up stays within its bounds") {
  REQUIRE(plan(kMillion, typed({"train.steps=40"})).train.warmup == 50);
  REQUIRE(plan(kMillion, typed({"train.steps=100000"})).train.warmup == 1000);
  REQUIRE(plan(kMillion, typed({"train.steps=4000"})).train.warmup == 200);
}

TEST_CASE("a text shorter than a batch gets fewer streams, unless the user chose them") {
  const RunConfig c = plan(300);
  REQUIRE(c.train.batch == 8);
  REQUIRE(c.train.steps == 23);
  REQUIRE(plan(300, typed({"train.batch=32"})).train.batch == 32);
  REQUIRE(plan(300, typed({}, "small")).train.batch == 32);
}

TEST_CASE("a preset of the paper brings its own schedule and dropout") {
  const RunConfig c = plan(10 * kMillion, typed({}, "moe-32"));
  REQUIRE(c.train.schedule == ScheduleKind::inverse_sqrt);
  REQUIRE(c.train.warmup == 1000);
  REQUIRE(c.train.steps == 78125);  // ten passes, 1,280 tokens per step
  REQUIRE(c.model.dropout == 0.1);
}

TEST_CASE("a pass is counted in its real batches, full or not") {
  // 37 lines make 8 batches per pass. Full batches would be 5.
  ConfigOptions small_text = typed({}, "tiny");
  const auto plan_of = [&](Index tokens, Index batches) {
    const PlanInputs inputs{.training_tokens = tokens,
                            .count_batches = [batches](const TrainConfig&) { return batches; }};
    return resolve_config(small_text, nullptr, inputs).config;
  };
  REQUIRE(plan_of(1600, 8).train.steps == 96);  // twelve passes
  REQUIRE(plan_of(1600, 8).train.validate_every == 8);
  small_text.epochs = 10;
  REQUIRE(plan_of(1600, 8).train.steps == 80);
  small_text.epochs = 0.1;
  REQUIRE(plan_of(1600, 8).train.steps == 1);
  small_text.epochs.reset();
  small_text.steps = 16;
  REQUIRE(plan_of(1600, 8).model.dropout == 0.1);  // two passes; of full batches three
  REQUIRE(plan_of(1600, 5).model.dropout == 0.2);
}

TEST_CASE("steps and passes are counted in the rows of a step") {
  TrainConfig train;
  train.state = StateKind::reset;
  train.batch_tokens = 500;
  REQUIRE(rows_per_step(train) == 500);
  REQUIRE(plan(10000, typed({"train.state=reset", "train.batch_tokens=1000", "train.epochs=2"})).train.steps == 20);
}
