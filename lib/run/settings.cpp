#include "run/settings.hpp"

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

constexpr Index kMostConfigBytes = Index{4} << 20;

Json read_text(const std::string& path) {
  if (path != "-") return read_json(path, {.bytes = kMostConfigBytes, .depth = 16});
  File input = File::standard_input();
  std::string text(static_cast<std::size_t>(kMostConfigBytes) + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const std::size_t count = input.read_some(text.data() + size, text.size() - size);
    if (count == 0) break;
    size += count;
  }
  text.resize(size);
  return parse_json(text, "standard input", {.bytes = kMostConfigBytes, .depth = 16});
}

/// A run's config.json serves as well: what it knows beside the configuration is left out.
Json read_document(const std::string& path) { return without_run_keys(read_text(path)); }

std::string document_name(const std::string& path) { return path == "-" ? "standard input" : path; }

bool names_layers(const Json& document) {
  return document.is_object() && document.contains("model") && document["model"].is_object() &&
         document["model"].contains("layers");
}

void apply_preset(const std::string& name, Settings& settings) {
  apply_document(find_preset(name).document, "--preset " + name, settings);
}

void require_one_base(const SettingSources& sources) {
  require(!sources.preset || !sources.config_file, Exit::usage, "--preset and --config cannot be given together");
}

/// --set, then flags. A number of steps and a number of passes exclude each other: the one that was typed takes the
/// place of the other.
void apply_typed(const SettingSources& sources, Settings& settings) {
  TrainConfig& train = settings.config.train;
  apply_assignments(sources.assignments, "--set", settings);
  const auto typed = [&](const char* key) { return settings.is_given(key) && settings.given.at(key) == "--set"; };
  const bool steps = typed("train.steps") && train.steps > 0, epochs = typed("train.epochs") && train.epochs > 0;
  require(!steps || !epochs, Exit::usage, "--set: train.steps and train.epochs cannot be given together");
  if (sources.steps) apply_assignments({"train.steps=" + std::to_string(*sources.steps)}, "--steps", settings);
  if (sources.epochs) apply_assignments({"train.epochs=" + format_number(*sources.epochs)}, "--epochs", settings);
  if (sources.dtype) apply_assignments({"train.dtype=" + *sources.dtype}, "--dtype", settings);
  if (sources.steps || (steps && !sources.epochs)) train.epochs = 0;
  if (sources.epochs || (epochs && !sources.steps)) train.steps = 0;
}

/// Kinds without a first moment take no decay of it: the default gives way, a value that somebody set is refused later.
void drop_unused_decays(Settings& settings) {
  for_each_group(settings.config.optimizer, [&](const std::string& name, GroupConfig& group) {
    if (group.kind != OptimizerKind::adam && !settings.is_given("optimizer." + name + ".beta1")) group.beta1 = 0;
  });
}

/// Every value of a configuration by key.
std::map<std::string, Json> values_of(RunConfig config) {
  std::map<std::string, Json> values;
  for (const ConfigKey& key : config_keys(config)) values[key.name] = key.get();
  return values;
}

[[noreturn]] void refuse_change(const std::string& key, const std::string& stored, const std::string& typed) {
  throw Error(Exit::bad_config,
              key + ": expected " + stored + " as in the run, found " + typed + "; use another --out for another run");
}

void require_same_layers(const ModelConfig& stored, const ModelConfig& typed) {
  const std::size_t count = stored.layers.size();
  if (typed.layers.size() != count)
    refuse_change("model.layers", format_counted(count, "layer"), std::to_string(typed.layers.size()));
  for (std::size_t i = 0; i < count; ++i)
    if (stored.layers[i].index() != typed.layers[i].index())
      refuse_change("model.layers." + std::to_string(i) + ".type", layer_type(stored.layers[i]),
                    layer_type(typed.layers[i]));
}

/// Zero stands for "planned", so that typing it again asks for nothing. (What may change is simply planned again.)
bool means_planned(const std::string& key, const Json& value) { return key == "train.warmup" && value == 0; }

}  // namespace

Settings new_settings(const SettingSources& sources, Index training_tokens, std::string* base) {
  require_one_base(sources);
  Settings settings;
  Json document = Json::object();
  if (sources.config_file) document = read_document(*sources.config_file);
  const std::string preset = sources.preset.value_or(preset_for(training_tokens));
  if (!names_layers(document)) apply_preset(preset, settings);
  // What was chosen for the corpus may be changed by planning; what somebody asked for may not.
  if (!sources.preset) settings.given.clear();
  if (sources.config_file) apply_document(document, document_name(*sources.config_file), settings);
  apply_typed(sources, settings);
  drop_unused_decays(settings);
  validate(settings.config);
  if (base != nullptr) *base = names_layers(document) ? document_name(*sources.config_file) : preset;
  return settings;
}

RunConfig resumed_config(const RunConfig& stored, const SettingSources& sources, Index training_tokens,
                         Index steps_per_pass) {
  require_one_base(sources);
  Settings typed{stored, {}};
  if (sources.preset) apply_preset(*sources.preset, typed);
  if (sources.config_file)
    apply_document(read_document(*sources.config_file), document_name(*sources.config_file), typed);
  apply_typed(sources, typed);
  if (typed.config.train.dtype == "auto") typed.config.train.dtype = stored.train.dtype;
  require_same_layers(stored.model, typed.config.model);

  const std::map<std::string, Json> before = values_of(stored);
  for (const ConfigKey& key : config_keys(typed.config)) {
    const Json value = key.get();
    if (value == before.at(key.name)) continue;
    const auto source = typed.given.find(key.name);
    const bool from_base = source != typed.given.end() && !source->second.starts_with("--set") &&
                           source->second != "--steps" && source->second != "--epochs";
    if (means_planned(key.name, value) || (key.option.may_change && from_base))
      key.set(before.at(key.name), Exit::internal);
    else if (!key.option.may_change)
      refuse_change(key.name, json_text(before.at(key.name)), json_text(value));
  }
  validate(typed.config);
  typed.given = {{"model.dropout", "run"}, {"train.batch", "run"}};
  RunConfig planned = plan_run(typed, training_tokens, steps_per_pass);
  planned.schedule = lengthened(schedule_of(stored), planned.train.steps);
  return planned;
}

}  // namespace moelm
