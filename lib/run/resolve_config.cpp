#include "run/resolve_config.hpp"

#include <algorithm>
#include <map>

#include "base/check.hpp"
#include "base/quantity.hpp"
#include "io/file.hpp"
#include "options/config_keys.hpp"
#include "options/plan.hpp"
#include "options/presets.hpp"
#include "options/run_schedule.hpp"
#include "run/run_folder.hpp"

namespace moelm {

namespace {

constexpr Index kMaxConfigBytes = Index{4} << 20;
constexpr JsonLimits kConfigLimits{.bytes = kMaxConfigBytes, .depth = 16};

Json read_standard_input() {
  File input = File::standard_input();
  std::string text(kMaxConfigBytes + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const std::size_t count = input.read_some(text.data() + size, text.size() - size);
    if (count == 0) break;
    size += count;
  }
  text.resize(size);
  return parse_json(text, "standard input", kConfigLimits);
}

/// A configuration document and what messages call it.
struct NamedDocument {
  std::string name;
  Json json;

  bool names_layers() const {
    return json.is_object() && json.contains("model") && json["model"].is_object() && json["model"].contains("layers");
  }
};

/// --config. A run's config.json is accepted too: the keys beside its configuration are left out.
std::optional<NamedDocument> read_config_file(const std::optional<std::string>& path) {
  if (!path) return std::nullopt;
  if (*path == "-") return NamedDocument{"standard input", without_run_keys(read_standard_input())};
  return NamedDocument{*path, without_run_keys(read_json(*path, kConfigLimits))};
}

void apply_preset(const std::string& name, ConfigDraft& draft) {
  apply_document(find_preset(name).document, "--preset " + name, draft);
}

/// The preset for the text and the time.
std::string chosen_preset(const PlanInputs& inputs) {
  if (!inputs.tokens_in_time) return preset_for(inputs.training_tokens);
  return preset_for(inputs.training_tokens, [&](const std::string& name) {
    ConfigDraft draft;
    apply_preset(name, draft);
    plan_softmax(inputs.ordered_vocabulary, draft);
    const double max_tokens = kMaxTimedPasses * static_cast<double>(inputs.training_tokens);
    return std::min(max_tokens, inputs.tokens_in_time(draft.config));
  });
}

/// The base of a new run: a preset, unless the file names layers, then the file.
void apply_base(const ConfigOptions& options, const PlanInputs& inputs, ResolvedConfig& resolved) {
  ConfigDraft& draft = resolved.draft;
  const std::optional<NamedDocument> file = read_config_file(options.config_file);
  const bool own_layers = file && file->names_layers();
  resolved.chosen = !own_layers && !options.preset;
  resolved.base = own_layers ? file->name : resolved.chosen ? chosen_preset(inputs) : *options.preset;
  if (!own_layers) apply_preset(resolved.base, draft);
  // Planning may change what was chosen for the corpus, but not what the user asked for.
  if (!options.preset) draft.given.clear();
  if (resolved.chosen && inputs.initial_model) {
    draft.config.model.layers = inputs.initial_model->layers;
    draft.config.model.tied = inputs.initial_model->tied;
    draft.given["model.layers"] = "--init";
  }
  if (file) apply_document(file->json, file->name, draft);
}

/// The base of an existing run: what is stored, with the preset or file over it, so that differences are found.
void apply_stored(const RunConfig& stored, const ConfigOptions& options, ConfigDraft& draft) {
  draft.config = stored;
  if (options.preset) apply_preset(*options.preset, draft);
  if (const auto file = read_config_file(options.config_file)) apply_document(file->json, file->name, draft);
}

/// --steps, --epochs and --dtype. Steps and epochs exclude each other: the one given by the user replaces the other.
void apply_flags(const ConfigOptions& options, ConfigDraft& draft) {
  TrainConfig& train = draft.config.train;
  const auto is_set = [&](const char* key) { return draft.is_given(key) && draft.given.at(key) == "--set"; };
  const bool steps = is_set("train.steps") && train.steps > 0, epochs = is_set("train.epochs") && train.epochs > 0;
  require(!steps || !epochs, Exit::usage, "--set: train.steps and train.epochs cannot be given together");
  if (options.steps) apply_assignments({"train.steps=" + std::to_string(*options.steps)}, "--steps", draft);
  if (options.epochs) apply_assignments({"train.epochs=" + format_number(*options.epochs)}, "--epochs", draft);
  if (options.dtype) apply_assignments({"train.dtype=" + std::string(enum_name(*options.dtype))}, "--dtype", draft);
  if (options.steps || (steps && !options.epochs)) train.epochs = 0;
  if (options.epochs || (epochs && !options.steps)) train.steps = 0;
}

/// Optimizers without a first moment have no beta1: its default becomes 0. validate() refuses a value of the user.
void drop_unused_decays(ConfigDraft& draft) {
  for_each_group(draft.config.optimizer, [&](const std::string& name, GroupConfig& group) {
    if (group.kind != OptimizerKind::adam && !draft.is_given("optimizer." + name + ".beta1")) group.beta1 = 0;
  });
}

[[noreturn]] void refuse_change(const std::string& key, const std::string& stored, const std::string& found) {
  throw Error(Exit::bad_config,
              key + ": expected " + stored + " as in the run, found " + found + "; use another --out for another run");
}

void require_same_layers(const ModelConfig& stored, const ModelConfig& found) {
  const std::size_t count = stored.layers.size();
  if (found.layers.size() != count)
    refuse_change("model.layers", format_counted(count, "layer"), std::to_string(found.layers.size()));
  for (std::size_t i = 0; i < count; ++i)
    if (stored.layers[i].index() != found.layers[i].index())
      refuse_change(layer_key(i, "type"), layer_type(stored.layers[i]), layer_type(found.layers[i]));
}

/// Whether the command line says how many steps or passes are made.
bool gives_steps(const ConfigOptions& options, const ConfigDraft& draft) {
  const auto is_set = [&](const char* key) { return draft.is_given(key) && draft.given.at(key) == "--set"; };
  return options.steps || options.epochs || is_set("train.steps") || is_set("train.epochs");
}

/// The schedule of an existing run for the steps in `config`. With a time, more steps are only a bound.
void continue_schedule(const RunConfig& stored, bool steps_bound_time, ResolvedConfig& resolved) {
  RunConfig& config = resolved.config;
  const Schedule schedule = schedule_of(stored);
  if (steps_bound_time && ends_by_plan(schedule.segments.back().kind)) {
    resolved.max_steps = config.train.steps;
    config.train.steps = std::min(config.train.steps, schedule.last_step());
  }
  config.schedule = lengthened(schedule, config.train.steps);
}

/// Every value of a configuration by key.
std::map<std::string, Json> values_of(RunConfig config) {
  std::map<std::string, Json> values;
  for (const ConfigKey& key : config_keys(config)) values[key.name] = key.get();
  return values;
}

/// Whether a value comes from a preset or a file. These do not undo what the run was given since it began.
bool is_of_base(const ConfigDraft& draft, const std::string& key) {
  const auto source = draft.given.find(key);
  if (source == draft.given.end()) return false;
  return source->second != "--set" && source->second != "--steps" && source->second != "--epochs";
}

/// Refuses every difference from an existing run that may not be.
void keep_stored(const RunConfig& stored, ConfigDraft& draft) {
  if (draft.config.train.dtype == TrainType::automatic) draft.config.train.dtype = stored.train.dtype;
  require_same_layers(stored.model, draft.config.model);
  const std::map<std::string, Json> before = values_of(stored);
  for (const ConfigKey& key : config_keys(draft.config)) {
    const Json value = key.get(), old = before.at(key.name);
    if (value == old) continue;
    // Zero means "planned", and the stored value is what was planned.
    const bool means_planned = key.name == "train.warmup" && value == 0;
    if (means_planned || (key.option.may_change && is_of_base(draft, key.name)))
      key.set(old, Exit::internal);
    else if (!key.option.may_change)
      refuse_change(key.name, json_text(old), json_text(value));
  }
  // These two were planned when the run began.
  draft.given = {{"model.dropout", "run"}, {"train.batch", "run"}};
}

/// Whole lines begin with the zero state anyway. A default, or a value of another source than theirs, gives way.
void drop_unused_zero_state(ConfigDraft& draft) {
  const auto source = [&](const char* key) { return draft.is_given(key) ? draft.given.at(key) : std::string(); };
  const std::string of_zero = source("train.zero_state");
  if (draft.config.train.state == StateKind::reset && of_zero != "--set" && of_zero != source("train.state"))
    draft.config.train.zero_state = 0;
}

}  // namespace

ResolvedConfig resolve_config(const ConfigOptions& options, const RunConfig* stored, const PlanInputs& inputs) {
  require(!options.preset || !options.config_file, Exit::usage, "--preset and --config cannot be given together");
  ResolvedConfig resolved;
  ConfigDraft& draft = resolved.draft;
  RunConfig& config = resolved.config;
  // 1. The base: the existing run, a preset, a file.
  if (stored != nullptr)
    apply_stored(*stored, options, draft);
  else
    apply_base(options, inputs, resolved);
  // 2. --set.
  apply_assignments(options.assignments, "--set", draft);
  // 3. Flags.
  apply_flags(options, draft);
  const bool steps_bound_time = inputs.tokens_in_time && gives_steps(options, draft);
  if (stored != nullptr) {
    keep_stored(*stored, draft);
  } else {
    drop_unused_decays(draft);
    drop_unused_zero_state(draft);
    if (resolved.chosen) plan_softmax(inputs.ordered_vocabulary, draft);
    widen_tied_clusters(draft);
  }
  validate(draft.config);
  // 4. The plan for all that is still open.
  fit_batch(inputs.training_tokens, draft);
  if (inputs.count_batches) resolved.batches_per_pass = inputs.count_batches(draft.config.train);
  if (inputs.tokens_in_time) resolved.tokens_in_time = inputs.tokens_in_time(draft.config);
  const PlanFacts facts{inputs.training_tokens, inputs.validation_tokens, resolved.batches_per_pass,
                        resolved.tokens_in_time};
  if (resolved.chosen) plan_many_passes(facts, draft);
  config = plan_run(draft, facts);
  if (stored != nullptr)
    continue_schedule(*stored, steps_bound_time, resolved);
  else if (config.train.dtype == TrainType::automatic && inputs.faster_type)
    config.train.dtype = inputs.faster_type() == DataType::bf16 ? TrainType::bf16 : TrainType::f32;
  return resolved;
}

}  // namespace moelm
