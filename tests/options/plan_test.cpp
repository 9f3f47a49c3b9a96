// The plan follows from the number of training tokens and keeps values of the user.
#include "options/plan.hpp"

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
  REQUIRE(preset_for(5 * kMillion - 1) == "small");
  REQUIRE(preset_for(5 * kMillion) == "base");
  REQUIRE(preset_for(50 * kMillion) == "base");
  REQUIRE(preset_for(50 * kMillion + 1) == "large");
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
  const RunConfig base = plan(10 * kMillion);
  REQUIRE(base.train.batch == 64);
  REQUIRE(base.train.lr == 2e-3);
  REQUIRE(base.train.steps == 13393);  // three passes
  REQUIRE(base.train.validate_every == 1000);
  REQUIRE(base.train.warmup == 669);
  REQUIRE(base.model.dropout == 0.2);
  REQUIRE(plan(10 * kMillion, typed({"train.epochs=2"})).model.dropout == 0.1);
  REQUIRE(plan(10 * kMillion, typed({"train.epochs=5"})).model.dropout == 0.2);
  REQUIRE(plan(10 * kMillion, typed({"train.epochs=5.1"})).model.dropout == 0.3);
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
    return resolve_config(small_text, nullptr, {tokens, [batches](const TrainConfig&) { return batches; }}).config;
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
