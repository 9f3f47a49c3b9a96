// The numbers of a training run.
#pragma once

#include <string>

#include "base/data_type.hpp"
#include "base/index.hpp"
#include "base/option.hpp"
#include "config/model_config.hpp"
#include "config/optimizer_config.hpp"
#include "config/schedule.hpp"

namespace moelm {

/// What an LSTM remembers across the windows of a text.
enum class StateKind {
  carry,  ///< parallel streams of text; the state goes on from window to window
  reset,  ///< every line starts from the zero state
};

template <>
struct EnumNames<StateKind> {
  static constexpr std::array<std::pair<std::string_view, StateKind>, 2> values = {
      {{"carry", StateKind::carry}, {"reset", StateKind::reset}}};
};

/// What happens to a run whose checkpoint cannot be saved.
enum class SaveErrors {
  go_on,  ///< train on; the last save of a run must succeed
  stop,   ///< end with the error
};

template <>
struct EnumNames<SaveErrors> {
  static constexpr std::array<std::pair<std::string_view, SaveErrors>, 2> values = {
      {{"continue", SaveErrors::go_on}, {"stop", SaveErrors::stop}}};
};

/// The most steps of a run: what the name of a checkpoint can say.
inline constexpr Index kMostSteps = 999'999'999'999;

/// Keys train.*; zero stands for "planned from the corpus" where the help says so.
struct TrainConfig {
  StateKind state = StateKind::carry;
  Index batch = 64;
  Index unroll = 35;
  Index batch_tokens = 2240;
  Index micro_batch_tokens = 0;
  double lr = 2e-3;
  ScheduleKind schedule = ScheduleKind::cosine;
  Index warmup = 0;
  double clip = 1.0;
  Index steps = 0;
  double epochs = 0;
  Index seed = 1;
  std::string dtype = "auto";
  std::string checkpoint_every = "auto";
  Index validate_every = 0;
  Index patience = 0;
  Index keep = 3;
  SaveErrors on_save_error = SaveErrors::go_on;
  Index max_bad_steps = 10;
  Index log_every = 1;
  double overload = 5;
};

/// What the products of a training read, once "auto" has been decided.
inline DataType products_of(const TrainConfig& config) {
  return config.dtype == data_type_name(DataType::bf16) ? DataType::bf16 : DataType::f32;
}

/// The least value of an option that is no number.
inline constexpr double kAnything = -std::numeric_limits<double>::infinity();

template <class Visitor>
void fields(TrainConfig& c, Visitor&& visit) {
  visit(Option{"state", "carry: streams of text, state kept across windows; reset: whole lines from the zero state"},
        c.state);
  visit(Option{"batch", "parallel streams B (state carry)", "streams", 1}, c.batch);
  visit(Option{"unroll", "time steps T of truncated back-propagation (state carry)", "steps", 1}, c.unroll);
  visit(Option{"batch_tokens", "tokens of a batch of whole lines (state reset)", "tokens", 1}, c.batch_tokens);
  visit(
      Option{"micro_batch_tokens",
             "most tokens passed at once, where a batch does not fit into memory; 0: the whole batch. Layers up to the "
             "last gate are passed once more to know the balance of the whole step",
             "tokens", 0},
      c.micro_batch_tokens);
  visit(Option{"lr", "peak learning rate", "", 0}, c.lr);
  visit(Option{"schedule", "course of the learning rate after the warm-up"}, c.schedule);
  visit(
      Option{"warmup", "steps of linear warm-up; 0: 5 % of the planned steps, at least 50, at most 1,000", "steps", 0},
      c.warmup);
  visit(Option{"clip", "global norm that gradients are clipped to (expert matrices and thresholds excepted), 0: none",
               "", 0},
        c.clip);
  visit(Option{"steps", "optimizer steps; 0: from epochs, else planned from the corpus", "steps", 0,
               static_cast<double>(kMostSteps), true},
        c.steps);
  visit(Option{"epochs", "passes over the training text; 0: from steps, else planned from the corpus", "passes", 0,
               std::numeric_limits<double>::infinity(), true},
        c.epochs);
  visit(Option{"seed", "seed of all random numbers", "", 0}, c.seed);
  visit(Option{"dtype", "what matrix products read: f32, bf16, or auto: whichever this machine multiplies faster"},
        c.dtype);
  visit(Option{"checkpoint_every",
               "steps (500) or time (10m) between checkpoints; auto: ten minutes, or as long as keeps saving under 2 % "
               "of the time",
               "", kAnything, std::numeric_limits<double>::infinity(), true},
        c.checkpoint_every);
  visit(Option{"validate_every", "steps between validations; 0: every pass or 1,000 steps, whichever comes first",
               "steps", 0, std::numeric_limits<double>::infinity(), true},
        c.validate_every);
  visit(Option{"patience", "validations without improvement before training stops, 0: never", "validations", 0,
               std::numeric_limits<double>::infinity(), true},
        c.patience);
  visit(Option{"keep", "newest checkpoints kept beside the best one", "checkpoints", 1,
               std::numeric_limits<double>::infinity(), true},
        c.keep);
  visit(Option{"on_save_error",
               "a checkpoint that cannot be saved: continue with the earlier ones kept (the last save of a run must "
               "succeed), or stop",
               "", kAnything, std::numeric_limits<double>::infinity(), true},
        c.on_save_error);
  visit(Option{"max_bad_steps", "steps in a row with something not finite before training ends (none is applied)",
               "steps", 1, std::numeric_limits<double>::infinity(), true},
        c.max_bad_steps);
  visit(Option{"log_every", "steps between lines of metrics.jsonl", "steps", 1, std::numeric_limits<double>::infinity(),
               true},
        c.log_every);
  visit(Option{"overload", "warn where the greatest load of an expert is more than so many times the mean, 0: never",
               "", 0, std::numeric_limits<double>::infinity(), true},
        c.overload);
}

/// Everything that a run is made of, as stored in run/config.json.
struct RunConfig {
  ModelConfig model;
  TrainConfig train;
  OptimizerConfig optimizer;
  Schedule schedule;  ///< the learning rate of a planned run; empty before
};

}  // namespace moelm
