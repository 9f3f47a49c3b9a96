#include "moe_train/resolve.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "base/quantity.hpp"
#include "batch/batch_source.hpp"
#include "data/path_kind.hpp"
#include "io/absolute_path.hpp"
#include "io/file.hpp"
#include "model/size.hpp"
#include "moe_train/ranks.hpp"
#include "ops/faster_type.hpp"
#include "options/run_schedule.hpp"
#include "run/run_data.hpp"

namespace moelm {

namespace {

/// Vocabulary of a --dry-run without data and --vocab-size.
constexpr Index kAssumedVocabulary = 10000;

/// A run that exists, and the path by which the user named it.
struct ExistingRun {
  std::string path, folder;
  StoredRun stored;
};

/// The run that a path names or lies in.
std::string existing_run_of(const std::string& path) {
  const std::string run = run_of_path(path);
  if (run_exists(run)) return run;
  const PathKind kind = path_kind(path);
  const bool unfinished = kind == PathKind::run || kind == PathKind::checkpoint;
  throw Error(Exit::missing_input, path + ": expected a run or a checkpoint of a run, found " + describe(kind) +
                                       (unfinished ? " without a config.json of a run" : ""));
}

/// --init given again for a run that began with it changes nothing. Any other --init cannot take effect.
void require_same_origin(const TrainOptions& options, const RunOrigin& origin) {
  if (!options.init) return;
  const std::string typed = absolute_path(*options.init);
  if (origin.kind == OriginKind::init && (typed == origin.path || typed == origin.checkpoint)) return;
  const std::string before = origin.kind == OriginKind::random ? "none" : origin.path;
  throw Error(Exit::bad_config, "--init: expected " + before + " as in the run, found " + typed +
                                    "; weights are taken when a run is begun: use another --out");
}

/// The run that is continued: the one in --out, or the one that --resume PATH names.
std::optional<ExistingRun> find_existing(const TrainOptions& options) {
  if (options.out && run_exists(*options.out)) {
    require(options.resume == "auto", Exit::cannot_create,
            *options.out + ": the folder holds a run; give --resume auto to continue it, or another --out");
    ExistingRun existing{*options.out, *options.out, read_run(*options.out)};
    require_same_origin(options, existing.stored.origin);
    return existing;
  }
  if (!options.resumes_from_path()) return std::nullopt;
  const std::string folder = existing_run_of(options.resume);
  return ExistingRun{options.resume, folder, read_run(folder)};
}

void use_data(Dataset data, ResolvedRun& resolved) {
  resolved.training_tokens = data.tokens(Split::train);
  resolved.vocabulary = data.tokenizer().vocabulary_size();
  require(resolved.training_tokens > 0, Exit::bad_data, data.directory() + ": expected training tokens, found none");
  resolved.data = std::move(data);
}

void open_data_of_new(const TrainOptions& options, ResolvedRun& resolved) {
  require(options.data || options.prints_only(), Exit::usage, "--data: missing; see moe-train --help");
  if (options.init) existing_run_of(*options.init);
  resolved.vocabulary = options.vocabulary.value_or(kAssumedVocabulary);
  if (options.data) use_data(Dataset::open(*options.data), resolved);
}

/// Opens --data or the data that the run knows. Printing needs none.
void open_data_of_existing(const TrainOptions& options, const ExistingRun& existing, ResolvedRun& resolved) {
  const RunData& known = existing.stored.data;
  resolved.vocabulary = known.vocabulary;
  if (options.prints_only() && !options.data && !path_exists(data_directory(existing.folder, known))) return;
  use_data(open_run_data(existing.folder, existing.stored, options.data, DataMatch::same_data), resolved);
}

/// Forward and backward.
constexpr double kPassesOfStep = 3;
/// The part of the rate of products alone that a whole training reaches, with updates of weights, validation and
/// saving: measured on two cores. kShareOfProducts of the scale module is that of the products of a step.
constexpr double kShareOfTraining = 0.5;

/// The tokens that a training reads in `seconds`, to about a factor of two.
double tokens_in(double seconds, const RunConfig& config, Index vocabulary, int threads) {
  const TrainType dtype = config.train.dtype;
  const DataType type = dtype == TrainType::automatic ? measure_faster_type() : products_of(config.train);
  const ModelSize size = model_size(config.model, vocabulary);
  const double work =
      kPassesOfStep * (static_cast<double>(size.ops_per_timestep) + static_cast<double>(size.softmax_training_ops));
  return seconds * kShareOfTraining * threads * measure_product_rate(type) / std::max(work, 1.0);
}

PlanInputs plan_inputs(const TrainOptions& options, const ResolvedRun& resolved, int threads) {
  PlanInputs inputs{.training_tokens = resolved.training_tokens, .faster_type = measure_faster_type};
  if (resolved.data) {
    inputs.validation_tokens = resolved.data->tokens(Split::valid);
    inputs.ordered_vocabulary = ordered_vocabulary(resolved.data->tokenizer());
  }
  if (options.max_seconds)
    inputs.tokens_in_time = [seconds = *options.max_seconds, vocabulary = resolved.vocabulary, threads](
                                const RunConfig& config) { return tokens_in(seconds, config, vocabulary, threads); };
  if (resolved.data)
    inputs.count_batches = [&data = *resolved.data](const TrainConfig& train) {
      return make_batches(train, data)->batches_per_pass();
    };
  return inputs;
}

std::string base_of_new(const TrainOptions& options, const ResolvedConfig& config, Index training_tokens) {
  if (config.chosen && options.init) return "of " + *options.init;
  if (!config.chosen || training_tokens == 0) return config.base;
  return config.base + " (chosen for " + format_count(training_tokens) + " training tokens" +
         (options.max_seconds ? " and " + format_duration(*options.max_seconds) : "") + ")";
}

}  // namespace

Json printed_config(const ResolvedRun& resolved) {
  if (resolved.training_tokens > 0 || resolved.draft.config.model.layers.empty()) return config_json(resolved.config);
  Json document = config_json(resolved.draft.config);
  if (!resolved.draft.is_given("model.dropout")) document["model"].erase("dropout");
  return document;
}

ResolvedRun resolve_run(const TrainOptions& options, int threads, int ranks) {
  if (options.out) require_no_traces(*options.out);
  ResolvedRun resolved;
  const std::optional<ExistingRun> existing = find_existing(options);
  if (existing)
    open_data_of_existing(options, *existing, resolved);
  else
    open_data_of_new(options, resolved);
  PlanInputs inputs = plan_inputs(options, resolved, threads * ranks);
  if (!existing && options.init) inputs.initial_model = read_run(existing_run_of(*options.init)).config.model;
  ResolvedConfig config = resolve_config(options.config, existing ? &existing->stored.config : nullptr, inputs);
  resolved.config = std::move(config.config);
  if (!existing && ranks > 1 && !config.draft.is_given("train.lanes"))
    resolved.config.train.lanes = lanes_for(resolved.config.train, ranks);
  validate(resolved.config);
  if (resolved.data) require_ordered_ids(resolved.config.model, resolved.data->tokenizer());
  resolved.batches_per_pass = config.batches_per_pass;
  resolved.max_steps = config.max_steps;
  resolved.tokens_in_time = config.tokens_in_time;
  if (existing) {
    resolved.base = existing->path;
    resolved.before = schedule_of(existing->stored.config);
    if (existing->path == options.out) resolved.stored = existing->stored;
  } else {
    resolved.base = base_of_new(options, config, resolved.training_tokens);
    resolved.draft = std::move(config.draft);
  }
  if (options.out && !resolved.stored)
    require(!path_exists(join_path(*options.out, kIndexFile)), Exit::cannot_create,
            *options.out + ": expected a folder for a run, found a data folder; moe-train writes nothing there");
  return resolved;
}

}  // namespace moelm
