// The configuration of a training run.
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
  carry,  ///< parallel streams of text; the state is carried from window to window
  reset,  ///< every line starts from the zero state
};

template <>
struct EnumNames<StateKind> {
  static constexpr std::array<std::pair<std::string_view, StateKind>, 2> values = {
      {{"carry", StateKind::carry}, {"reset", StateKind::reset}}};
};

/// What a run does if a checkpoint cannot be saved.
enum class SaveErrors {
  go_on,  ///< train on; the last save of a run must succeed
  stop,   ///< end with the error
};

template <>
struct EnumNames<SaveErrors> {
  static constexpr std::array<std::pair<std::string_view, SaveErrors>, 2> values = {
      {{"continue", SaveErrors::go_on}, {"stop", SaveErrors::stop}}};
};

/// The type that matrix products of training read.
enum class TrainType {
  f32,
  bf16,
  automatic,  ///< whichever this machine multiplies faster
};

template <>
struct EnumNames<TrainType> {
  static constexpr std::array<std::pair<std::string_view, TrainType>, 3> values = {
      {{"f32", TrainType::f32}, {"bf16", TrainType::bf16}, {"auto", TrainType::automatic}}};
};

/// The maximum number of steps: the name of a checkpoint has 12 digits for them.
inline constexpr Index kMaxSteps = 999'999'999'999;

/// Keys train.*. Zero means "planned from the corpus" where the help says so.
struct TrainConfig {
  StateKind state = StateKind::carry;
  Index batch = 64;
  Index unroll = 35;
  double zero_state = 0;
  Index batch_tokens = 2240;
  Index micro_batch_tokens = 0;
  Index lanes = 1;
  double lr = 2e-3;
  ScheduleKind schedule = ScheduleKind::cosine;
  Index warmup = 0;
  double clip = 1.0;
  double full_softmax = 0;
  Index steps = 0;
  double epochs = 0;
  Index seed = 1;
  TrainType dtype = TrainType::automatic;
  std::string checkpoint_every = "auto";
  Index validate_every = 0;
  Index patience = 0;
  Index keep = 3;
  SaveErrors on_save_error = SaveErrors::go_on;
  Index max_bad_steps = 10;
  Index log_every = 1;
  bool tensorboard = false;
  double overload = 5;
  double step_timeout = 60;
};

/// The type that matrix products of training read, once `auto` is resolved.
inline DataType products_of(const TrainConfig& config) {
  return config.dtype == TrainType::bf16 ? DataType::bf16 : DataType::f32;
}

/// Keys of what a step reads.
template <class Visitor>
void batch_fields(TrainConfig& c, Visitor& visit) {
  visit(Option{.key = "state",
               .help = "carry: streams of text, the state is kept across windows; reset: whole lines, each from the "
                       "zero state. Take reset for separate sentences, carry for running text"},
        c.state);
  visit(Option{.key = "batch",
               .help = "parallel streams B (state carry). More streams: steadier gradients, more memory",
               .unit = "streams",
               .min = 1},
        c.batch);
  visit(Option{.key = "unroll",
               .help = "time steps T of truncated back-propagation (state carry). More steps: longer dependencies, "
                       "more memory",
               .unit = "steps",
               .min = 1},
        c.unroll);
  visit(Option{.key = "zero_state",
               .help = "probability that a stream begins a window with the zero state (state carry). Raise it if "
                       "scores right after the beginning of a text are bad",
               .min = 0,
               .max = 1,
               .may_change = true},
        c.zero_state);
  visit(Option{.key = "batch_tokens",
               .help = "tokens of a batch of whole lines (state reset). More tokens: steadier gradients, more memory",
               .unit = "tokens",
               .min = 1},
        c.batch_tokens);
  visit(Option{.key = "micro_batch_tokens",
               .help = "maximum tokens per pass; 0: the whole batch. Set it if a batch does not fit into memory; the "
                       "layers up to the last gate are then passed once more to know the balance of the whole step",
               .unit = "tokens",
               .min = 0},
        c.micro_batch_tokens);
  visit(Option{.key = "lanes",
               .help = "parts of a batch whose gradients are summed apart, in a fixed order. Results depend on it and "
                       "not on the number of ranks, which it limits: raise it to train on more ranks",
               .unit = "lanes",
               .min = 1,
               .max = 65536,
               .may_change = true},
        c.lanes);
}

/// Keys of the learning rate, the length of training and its arithmetic.
template <class Visitor>
void schedule_fields(TrainConfig& c, Visitor& visit) {
  visit(Option{.key = "lr", .help = "peak learning rate. Lower it if the loss diverges", .min = 0}, c.lr);
  visit(Option{.key = "schedule",
               .help = "course of the learning rate after the warm-up. Take inverse-sqrt, plateau or constant if the "
                       "number of steps is open"},
        c.schedule);
  visit(Option{.key = "warmup",
               .help = "steps of linear warm-up; 0: 5 % of the planned steps, at least 50, at most 1,000. Raise it if "
                       "the loss jumps in the first steps",
               .unit = "steps",
               .min = 0},
        c.warmup);
  visit(Option{.key = "clip",
               .help = "global norm that gradients are clipped to (expert matrices and thresholds excepted), 0: none. "
                       "Lower it if the loss has spikes",
               .min = 0},
        c.clip);
  visit(Option{.key = "full_softmax",
               .help = "share of the planned steps, the last ones, that use the full softmax although the softmax "
                       "samples. Raise it if sampling costs quality",
               .min = 0,
               .max = 1},
        c.full_softmax);
  visit(Option{.key = "steps",
               .help = "optimizer steps; 0: from epochs, else planned from the corpus. Raise it to train a finished "
                       "run further",
               .unit = "steps",
               .min = 0,
               .max = static_cast<double>(kMaxSteps),
               .may_change = true},
        c.steps);
  visit(Option{.key = "epochs",
               .help = "passes over the training text; 0: from steps, else planned from the corpus. Set it to compare "
                       "corpora of different size",
               .unit = "passes",
               .min = 0,
               .may_change = true},
        c.epochs);
  visit(Option{.key = "seed",
               .help = "seed of all random numbers. Change it to see how much results vary from run to run",
               .min = 0},
        c.seed);
  visit(Option{.key = "dtype",
               .help = "type that matrix products read: f32, bf16, or auto: whichever this machine multiplies faster. "
                       "Take f32 for results that other machines reproduce"},
        c.dtype);
}

/// Keys of checkpoints and validation.
template <class Visitor>
void save_fields(TrainConfig& c, Visitor& visit) {
  visit(Option{.key = "checkpoint_every",
               .help = "steps (500) or time (10m) between checkpoints; auto: ten minutes, or longer so that saving "
                       "takes under 2 % of the time. Shorten it if a crash may cost less work",
               .may_change = true},
        c.checkpoint_every);
  visit(Option{.key = "validate_every",
               .help =
                   "steps between validations; 0: every pass or 1,000 steps, whichever comes first, or longer so that "
                   "validations take about 5 % of the time. Raise it if validation takes much of the time",
               .unit = "steps",
               .min = 0,
               .may_change = true},
        c.validate_every);
  visit(Option{.key = "patience",
               .help = "validations without improvement before training stops, 0: never. Set it to end a run that no "
                       "longer improves",
               .unit = "validations",
               .min = 0,
               .may_change = true},
        c.patience);
  visit(Option{.key = "keep",
               .help = "newest checkpoints kept beside the best one. Lower it if the disk is small",
               .unit = "checkpoints",
               .min = 1,
               .may_change = true},
        c.keep);
  visit(Option{.key = "on_save_error",
               .help = "if a checkpoint cannot be saved: continue with the earlier ones kept (the last save of a run "
                       "must succeed), or stop. Take stop if the run is watched",
               .may_change = true},
        c.on_save_error);
}

/// Keys of what is watched and logged.
template <class Visitor>
void watch_fields(TrainConfig& c, Visitor& visit) {
  visit(Option{.key = "max_bad_steps",
               .help = "skipped steps in a row, because something was not finite, before training ends. Raise it if "
                       "single batches overflow",
               .unit = "steps",
               .min = 1,
               .may_change = true},
        c.max_bad_steps);
  visit(Option{.key = "log_every",
               .help = "steps between lines of metrics.jsonl. Raise it for long runs",
               .unit = "steps",
               .min = 1,
               .may_change = true},
        c.log_every);
  visit(Option{.key = "tensorboard",
               .help = "write event files for TensorBoard beside metrics.jsonl: its scalars, and histograms of each "
                       "validation. Set it to watch a run with tensorboard --logdir RUN",
               .may_change = true},
        c.tensorboard);
  visit(Option{.key = "overload",
               .help = "warn if the maximum load of an expert is more than this many times the mean, 0: never. Raise "
                       "it if uneven experts are wanted",
               .min = 0,
               .may_change = true},
        c.overload);
  visit(
      Option{.key = "step_timeout",
             .help = "with several ranks: how long a rank waits for another within a step before it ends the training "
                     "with exit code 75. Raise it if steps take longer on the slowest machine",
             .unit = "seconds",
             .min = 1,
             .may_change = true},
      c.step_timeout);
}

template <class Visitor>
void fields(TrainConfig& c, Visitor&& visit) {
  batch_fields(c, visit);
  schedule_fields(c, visit);
  save_fields(c, visit);
  watch_fields(c, visit);
}

/// Everything that a run is made of, as stored in run/config.json.
struct RunConfig {
  ModelConfig model;
  TrainConfig train;
  OptimizerConfig optimizer;
  Schedule schedule;  ///< the learning rate of a planned run; empty before
};

}  // namespace moelm
