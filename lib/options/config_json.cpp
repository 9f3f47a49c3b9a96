#include "options/config_json.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>

#include "base/check.hpp"
#include "base/nearest.hpp"
#include "base/quantity.hpp"
#include "options/config_keys.hpp"
#include "options/interval.hpp"
#include "options/key_guess.hpp"
#include "options/step_in_parts.hpp"

namespace moelm {

namespace {

constexpr std::size_t kMaxLayers = 1000;
constexpr Index kMaxWidth = 1 << 20;
constexpr double kMaxScaledWidth = 9e18;     // fits an Index; validate() of the model refuses such widths
constexpr Index kMaxBatchSize = 1000000000;  // streams or steps, so that their product fits an Index

std::string layer_prefix(std::size_t index) { return layer_key(index) + "."; }

bool is_layer_key(std::string_view key) { return key.starts_with("model.layers."); }

/// How messages begin: "run/config.json: train.lr", "--set train.lr".
std::string lead(const std::string& source, const std::string& key) {
  return source.starts_with("--") ? source + " " + key : source + ": " + key;
}

/// Runs `set`. Its errors begin with the key; this puts the source before it.
template <class F>
void with_source(const std::string& source, F&& set) {
  try {
    set();
  } catch (const Error& e) {
    throw Error(e.exit(), lead(source, e.what()));
  }
}

LayerConfig read_layer(const Json& document, const std::string& prefix, Exit exit) {
  const std::string name = prefix.substr(0, prefix.size() - 1);
  if (!document.is_object() || !document.contains("type") || !document["type"].is_string())
    throw Error(exit, name + ": expected an object with a type, found " + document.type_name());
  LayerConfig layer = make_layer(document["type"].get<std::string>(), prefix + "type", exit);
  std::vector<ConfigKey> keys = layer_keys(layer, prefix);
  for (const auto& [key, value] : document.items()) {
    if (key == "type") continue;
    const auto found =
        std::find_if(keys.begin(), keys.end(), [&key = key](const auto& k) { return k.option.key == key; });
    if (found != keys.end()) {
      found->set(value, exit);
      continue;
    }
    std::vector<std::string> known = {prefix + "type"};
    for (const ConfigKey& k : keys) known.push_back(k.name);
    throw Error(exit, prefix + key + ": unknown key; did you mean " + nearest(prefix + key, known) + "?");
  }
  return layer;
}

std::vector<LayerConfig> read_layers(const Json& document, Exit exit) {
  if (!document.is_array() || document.size() > kMaxLayers)
    throw Error(exit, "model.layers: expected a list of at most " + std::to_string(kMaxLayers) + " layers, found " +
                          (document.is_array() ? std::to_string(document.size()) : document.type_name()));
  std::vector<LayerConfig> layers;
  for (std::size_t i = 0; i < document.size(); ++i) layers.push_back(read_layer(document[i], layer_prefix(i), exit));
  return layers;
}

Index read_width(const Json& value, Exit exit) {
  if (!value.is_number_integer() || value.get<double>() < 1 || value.get<double>() > kMaxWidth)
    throw Error(exit, "model.width: expected an integer from 1 to " + std::to_string(kMaxWidth) + ", found " +
                          json_text(value));
  return value.get<Index>();
}

/// A key with its value, from a document or as typed.
struct Value {
  std::string key;
  Json json;
  const std::string* text = nullptr;

  Json as(const ConfigKey& target) const { return text != nullptr ? target.from_text(*text) : json; }
};

/// Collects the document's values by key. Objects are the levels of a key. An empty object of a known level is ignored.
void flatten(const Json& document, const std::string& prefix, const std::vector<std::string>& known,
             std::vector<Value>& values) {
  for (const auto& [key, value] : document.items()) {
    const std::string name = prefix + key;
    const auto below = [&](const std::string& k) { return k.starts_with(name + "."); };
    if (value.is_object() && name != "model.layers" && std::any_of(known.begin(), known.end(), below))
      flatten(value, name + ".", known, values);
    else
      values.push_back({name, value});
  }
}

void set_json(Json& document, const std::string& key, Json value) {
  Json* place = &document;
  std::size_t begin = 0;
  for (auto dot = key.find('.'); dot != std::string::npos; begin = dot + 1, dot = key.find('.', begin))
    place = &(*place)[key.substr(begin, dot - begin)];
  (*place)[key.substr(begin)] = std::move(value);
}

/// Sets values in a fixed order: all layers, their width, keys of every MoE layer, then single keys.
class Application {
 public:
  Application(const std::vector<Value>& values, const std::string& source, Exit exit, ConfigDraft& draft)
      : values_(values), source_(source), exit_(exit), draft_(draft) {}

  void run() {
    with_source(source_, [&] {
      for (const Value& value : values_)
        if (value.key == "model.layers") set_layers(value);
      for (const Value& value : values_)
        if (value.key == "model.width") set_width(value);
      for (const Value& value : values_)
        if (value.key.starts_with("moe.")) set_moe(value);
      for (const Value& value : values_)
        if (value.key != "model.layers" && value.key != "model.width" && !value.key.starts_with("moe.")) set(value);
    });
  }

 private:
  ModelConfig& model() { return draft_.config.model; }

  void set_layers(const Value& value) {
    Json layers = value.json;
    if (value.text != nullptr) {
      try {
        layers = parse_json(*value.text, "model.layers");
      } catch (const Error& e) {
        throw Error(exit_, e.what());
      }
    }
    model().layers = read_layers(layers, exit_);
    draft_.given["model.layers"] = source_;
  }

  void set_width(const Value& value) {
    Json width = value.json;
    if (value.text != nullptr) width = parse_index(*value.text) ? Json(*parse_index(*value.text)) : Json(*value.text);
    scale_width(model(), read_width(width, exit_));
    draft_.given["model.width"] = source_;
  }

  void set_moe(const Value& value) {
    bool known = false, any = false;
    for (std::size_t i = 0; i < model().layers.size(); ++i) {
      if (!std::holds_alternative<MoeConfig>(model().layers[i])) continue;
      any = true;
      for (const ConfigKey& key : layer_keys(model().layers[i], layer_prefix(i)))
        if (value.key == "moe." + std::string(key.option.key)) known = true, set(value, key);
    }
    if (!any) throw Error(exit_, value.key + ": expected a model with an MoE layer, found none");
    if (!known) refuse_unknown(value.key);
  }

  void set(const Value& value) {
    const std::vector<ConfigKey> keys = config_keys(draft_.config);
    const auto key = std::find_if(keys.begin(), keys.end(), [&](const auto& k) { return k.name == value.key; });
    if (key == keys.end()) refuse_unknown(value.key);
    set(value, *key);
  }

  void set(const Value& value, const ConfigKey& key) {
    key.set(value.as(key), exit_);
    draft_.given[key.name] = source_;
  }

  [[noreturn]] void refuse_unknown(const std::string& key) const {
    throw Error(exit_, key + ": unknown key; did you mean " + key_guess(key, known_keys(draft_.config)) + "?");
  }

  const std::vector<Value>& values_;
  const std::string& source_;
  Exit exit_;
  ConfigDraft& draft_;
};

}  // namespace

Json config_json(const RunConfig& config) {
  RunConfig copy = config;
  Json document = Json::object();
  Json layers = Json::array();
  for (std::size_t i = 0; i < copy.model.layers.size(); ++i) {
    Json layer = {{"type", layer_type(copy.model.layers[i])}};
    for (const ConfigKey& key : layer_keys(copy.model.layers[i], "")) layer[key.name] = key.get();
    layers.push_back(std::move(layer));
  }
  document["model"]["layers"] = std::move(layers);
  for (const ConfigKey& key : config_keys(copy))
    if (!is_layer_key(key.name)) set_json(document, key.name, key.get());
  return document;
}

void apply_document(const Json& document, const std::string& source, ConfigDraft& draft) {
  if (!document.is_object())
    throw Error(Exit::bad_config, source + ": expected an object, found " + document.type_name());
  std::vector<Value> values;
  flatten(document, "", known_keys(draft.config), values);
  Application(values, source, Exit::bad_config, draft).run();
}

void apply_assignments(const std::vector<std::string>& assignments, const std::string& source, ConfigDraft& draft) {
  std::map<std::string, std::string> texts;
  for (const std::string& assignment : assignments) {
    const auto equals = assignment.find('=');
    if (equals == std::string::npos || equals == 0)
      throw Error(Exit::usage, lead(source, assignment) + ": expected key=value");
    const std::string key = assignment.substr(0, equals), text = assignment.substr(equals + 1);
    const auto [place, is_new] = texts.emplace(key, text);
    if (!is_new && place->second != text)
      throw Error(Exit::usage, lead(source, key) + ": given twice, as " + place->second + " and as " + text);
  }
  std::vector<Value> values;
  for (const auto& [key, text] : texts) values.push_back({key, {}, &text});
  Application(values, source, Exit::usage, draft).run();
}

void scale_width(ModelConfig& model, Index width) {
  const auto* embedding = model.layers.empty() ? nullptr : std::get_if<EmbeddingConfig>(&model.layers[0]);
  require(embedding != nullptr, Exit::bad_config, "model.width: expected a model that begins with an embedding");
  const double factor = static_cast<double>(width) / static_cast<double>(embedding->width);
  const auto scale = [factor](Index& units) {
    if (units > 0) units = std::llround(std::clamp(static_cast<double>(units) * factor, 1.0, kMaxScaledWidth));
  };
  for (LayerConfig& layer : model.layers) {
    if (auto* table = std::get_if<EmbeddingConfig>(&layer)) table->width = width;
    if (auto* lstm = std::get_if<LstmConfig>(&layer)) scale(lstm->cells), scale(lstm->projection);
    if (auto* moe = std::get_if<MoeConfig>(&layer)) std::for_each(moe->hidden.begin(), moe->hidden.end(), scale);
  }
}

namespace {

/// Refuses sizes whose products would overflow.
void require_possible_sizes(const TrainConfig& train) {
  const std::tuple<const char*, Index, Index> sizes[] = {
      {"train.batch", train.batch, kMaxBatchSize},
      {"train.unroll", train.unroll, kMaxBatchSize},
      {"train.batch_tokens", train.batch_tokens, kMaxBatchSize},
      {"train.micro_batch_tokens", train.micro_batch_tokens, kMaxBatchSize},
      {"train.warmup", train.warmup, kMaxSteps}};
  for (const auto& [key, size, max] : sizes)
    if (size > max)
      throw Error(Exit::bad_config,
                  std::string(key) + ": expected at most " + std::to_string(max) + ", found " + std::to_string(size));
}

/// There must be a sampled softmax that the full one can follow.
void require_sampled(const RunConfig& config) {
  const auto* softmax = std::get_if<SoftmaxConfig>(&config.model.layers.back());
  if (config.train.full_softmax > 0 && softmax != nullptr && softmax->samples == 0)
    throw Error(Exit::bad_config, "train.full_softmax: expected 0 with " +
                                      layer_prefix(config.model.layers.size() - 1) + "samples 0, found " +
                                      format_number(config.train.full_softmax) +
                                      "; a softmax that does not sample is always full");
}

/// Only a carried state can be left out.
void require_carried(const TrainConfig& train) {
  if (train.zero_state > 0 && train.state != StateKind::carry)
    throw Error(Exit::bad_config, "train.zero_state: expected 0 with train.state reset, found " +
                                      format_number(train.zero_state) +
                                      "; there every line begins with the zero state");
}

}  // namespace

void validate(const RunConfig& config) {
  validate(config.model);
  validate(config.optimizer);
  require_possible_sizes(config.train);
  parse_interval("train.checkpoint_every", config.train.checkpoint_every);
  require_sampled(config);
  require_carried(config.train);
  require_possible_parts(config);
}

std::vector<std::string> known_keys(const RunConfig& config) {
  RunConfig copy = config;
  std::vector<std::string> names = {"model.layers", "model.width"};
  for (const ConfigKey& key : config_keys(copy)) names.push_back(key.name);
  LayerConfig moe = MoeConfig{};
  for (const ConfigKey& key : layer_keys(moe, "moe.")) names.push_back(key.name);
  return names;
}

}  // namespace moelm
