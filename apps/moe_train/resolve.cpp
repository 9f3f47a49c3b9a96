#include "moe_train/resolve.hpp"

#include "base/check.hpp"
#include "base/quantity.hpp"
#include "batch/batch_source.hpp"
#include "io/absolute_path.hpp"
#include "io/file.hpp"
#include "ops/faster_type.hpp"
#include "options/plan.hpp"
#include "options/run_schedule.hpp"
#include "run/run_data.hpp"

namespace moelm {

namespace {

/// Vocabulary of a dry run that names none.
constexpr Index kAssumedVocabulary = 10000;

/// The run that a path names or lies in.
std::string existing_run_of(const std::string& path) {
  const std::string run = run_of_path(path);
  require(run_exists(run), Exit::missing_input, path + ": expected a run or a checkpoint of a run, found none");
  return run;
}

void use_data(Dataset data, ResolvedRun& resolved) {
  resolved.data = std::move(data);
  resolved.training_tokens = resolved.data->tokens(Split::train);
  resolved.vocabulary = resolved.data->tokenizer().vocabulary_size();
  require(resolved.training_tokens > 0, Exit::bad_data,
          resolved.data->directory() + ": expected training tokens, found none");
}

/// Data typed, or those that the run knows. Looking at a run needs none.
void open_known_data(const TrainOptions& options, const std::string& run, const StoredRun& known,
                     ResolvedRun& resolved) {
  resolved.vocabulary = known.data.vocabulary;
  if (options.prints_only() && !options.data && !path_exists(data_directory(run, known.data))) return;
  use_data(open_run_data(run, known, options.data, DataMatch::same_data), resolved);
}

/// Counts the batches of one pass under a configuration whose batches are decided.
void count_batches(const RunConfig& config, ResolvedRun& resolved) {
  if (resolved.data) resolved.steps_per_pass = make_batches(config.train, *resolved.data)->batches_per_pass();
}

void refuse_occupied(const TrainOptions& options, const std::string& out) {
  require(options.resume == "auto", Exit::cannot_create,
          out + ": a run exists there; --resume auto continues it, another --out begins anew");
}

/// --init typed again for a run that was begun with it changes nothing; anything else would be passed over silently.
void require_same_origin(const TrainOptions& options, const RunOrigin& origin) {
  if (!options.init) return;
  const std::string typed = absolute_path(*options.init);
  if (origin.kind == OriginKind::init && (typed == origin.path || typed == origin.checkpoint)) return;
  const std::string before = origin.kind == OriginKind::random ? "none" : origin.path;
  throw Error(Exit::bad_config, "--init: expected " + before + " as in the run, found " + typed +
                                    "; weights are taken when a run is begun: use another --out");
}

void resolve_existing(const TrainOptions& options, ResolvedRun& resolved) {
  refuse_occupied(options, *options.out);
  resolved.stored = read_run(*options.out);
  require_same_origin(options, resolved.stored->origin);
  open_known_data(options, *options.out, *resolved.stored, resolved);
  count_batches(resolved.stored->config, resolved);
  resolved.config =
      resumed_config(resolved.stored->config, options.settings, resolved.training_tokens, resolved.steps_per_pass);
  resolved.before = schedule_of(resolved.stored->config);
  resolved.base = *options.out;
}

/// A new folder that goes on from a checkpoint of another run.
void resolve_branch(const TrainOptions& options, ResolvedRun& resolved) {
  const std::string other = existing_run_of(options.resume);
  const StoredRun known = read_run(other);
  open_known_data(options, other, known, resolved);
  count_batches(known.config, resolved);
  resolved.config = resumed_config(known.config, options.settings, resolved.training_tokens, resolved.steps_per_pass);
  resolved.before = schedule_of(known.config);
  resolved.base = options.resume;
}

void resolve_new(const TrainOptions& options, ResolvedRun& resolved) {
  require(options.data || options.prints_only(), Exit::usage, "--data: missing; see moe-train --help");
  if (options.init) existing_run_of(*options.init);
  resolved.vocabulary = options.vocabulary.value_or(kAssumedVocabulary);
  if (options.data) use_data(Dataset::open(*options.data), resolved);
  std::string base;
  resolved.settings = new_settings(options.settings, resolved.training_tokens, &base);
  count_batches(plan_run(resolved.settings, resolved.training_tokens), resolved);
  resolved.config = plan_run(resolved.settings, resolved.training_tokens, resolved.steps_per_pass);
  if (resolved.config.train.dtype == "auto") resolved.config.train.dtype = data_type_name(measure_faster_type());
  resolved.base = base;
  if (!options.settings.preset && base == preset_for(resolved.training_tokens) && resolved.training_tokens > 0)
    resolved.base += " (chosen for " + format_count(resolved.training_tokens) + " training tokens)";
}

}  // namespace

Json printed_config(const ResolvedRun& resolved) {
  if (resolved.training_tokens > 0 || resolved.settings.config.model.layers.empty())
    return config_json(resolved.config);
  Json document = config_json(resolved.settings.config);
  if (!resolved.settings.is_given("model.dropout")) document["model"].erase("dropout");
  return document;
}

ResolvedRun resolve_run(const TrainOptions& options) {
  ResolvedRun resolved;
  if (options.out) require_no_traces(*options.out);
  if (options.out && run_exists(*options.out))
    resolve_existing(options, resolved);
  else if (options.resumes_from_path())
    resolve_branch(options, resolved);
  else
    resolve_new(options, resolved);
  if (options.out && !resolved.stored)
    require(!path_exists(join_path(*options.out, "index.json")), Exit::cannot_create,
            *options.out + ": expected a folder for a run, found a data folder; moe-train writes nothing there");
  return resolved;
}

}  // namespace moelm
