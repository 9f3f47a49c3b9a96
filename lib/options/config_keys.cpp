#include "options/config_keys.hpp"

#include <cmath>
#include <optional>
#include <type_traits>

#include "base/quantity.hpp"

namespace moelm {

namespace {

constexpr double kMaxExactInteger = 9007199254740992.0;  // 2^53

/// The spellings that a field may have; none unless it is an enum.
template <class T>
std::vector<std::string> spellings() {
  if constexpr (std::is_enum_v<T>)
    return enum_spellings<T>();
  else
    return {};
}

/// " of at least 1", " from 0 to 0.99" or nothing.
std::string range(const Option& option) {
  const bool has_min = std::isfinite(option.min), has_max = std::isfinite(option.max);
  if (has_min && has_max) return " from " + format_number(option.min) + " to " + format_number(option.max);
  if (has_min) return " of at least " + format_number(option.min);
  if (has_max) return " of at most " + format_number(option.max);
  return "";
}

template <class T>
std::string expectation(const Option& option) {
  if constexpr (std::is_same_v<T, Index>) return "an integer" + range(option);
  if constexpr (std::is_same_v<T, double>) return "a number" + range(option);
  if constexpr (std::is_same_v<T, bool>) return "true or false";
  if constexpr (std::is_same_v<T, std::string>) return "a text";
  if constexpr (std::is_same_v<T, std::vector<Index>>) return "a list of integers" + range(option);
  if constexpr (std::is_enum_v<T>) return alternatives(spellings<T>());
}

bool in_range(const Option& option, double value) { return value >= option.min && value <= option.max; }

/// Each `read` sets the value and returns true if the JSON value has its type and is in range.
bool read(const Json& json, const Option& option, Index& value) {
  if (!json.is_number()) return false;
  const double number = json.get<double>();
  if (std::floor(number) != number || !in_range(option, number)) return false;
  if (json.is_number_float() && std::abs(number) > kMaxExactInteger) return false;
  if (json.is_number_unsigned() && json.get<std::uint64_t>() > std::uint64_t{INT64_MAX}) return false;
  value = json.get<Index>();
  return true;
}

bool read(const Json& json, const Option& option, double& value) {
  if (!json.is_number() || !in_range(option, json.get<double>())) return false;
  value = json.get<double>();
  return std::isfinite(value);
}

[[maybe_unused]] bool read(const Json& json, const Option&, bool& value) {
  if (!json.is_boolean()) return false;
  value = json.get<bool>();
  return true;
}

bool read(const Json& json, const Option&, std::string& value) {
  if (!json.is_string()) return false;
  value = json.get<std::string>();
  return true;
}

bool read(const Json& json, const Option& option, std::vector<Index>& value) {
  if (!json.is_array()) return false;
  std::vector<Index> items(json.size());
  for (std::size_t i = 0; i < items.size(); ++i)
    if (!read(json[i], option, items[i])) return false;
  value = std::move(items);
  return true;
}

template <class E>
requires std::is_enum_v<E>
bool read(const Json& json, const Option&, E& value) {
  if (!json.is_string()) return false;
  const std::optional<E> parsed = parse_enum<E>(json.get_ref<const std::string&>());
  if (parsed) value = *parsed;
  return parsed.has_value();
}

template <class T>
Json write(const T& value) {
  if constexpr (std::is_enum_v<T>)
    return std::string(enum_name(value));
  else
    return value;
}

Json integer_of_text(std::string_view text) {
  if (const auto index = parse_index(text)) return *index;
  if (const auto number = parse_number(text)) return *number;
  return std::string(text);
}

Json list_of_text(std::string_view text) {
  if (text.size() >= 2 && text.front() == '[' && text.back() == ']') text = text.substr(1, text.size() - 2);
  Json list = Json::array();
  while (!text.empty()) {
    const auto comma = std::min(text.find(','), text.size());
    std::string_view item = text.substr(0, comma);
    while (!item.empty() && item.front() == ' ') item.remove_prefix(1);
    list.push_back(integer_of_text(item));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return list;
}

template <class T>
Json from_text(std::string_view text) {
  if constexpr (std::is_same_v<T, Index> || std::is_same_v<T, double>) return integer_of_text(text);
  if constexpr (std::is_same_v<T, std::vector<Index>>) return list_of_text(text);
  if constexpr (std::is_same_v<T, bool>)
    if (text == "true" || text == "false") return text == "true";
  return std::string(text);
}

std::string shown(const Json& value) {
  constexpr std::size_t kShown = 60;
  std::string text = value.is_string() ? value.get<std::string>() : json_text(value);
  if (text.size() > kShown) text = text.substr(0, kShown) + "...";
  return text.empty() ? "nothing" : text;
}

/// Turns the fields of a configuration struct into keys under a prefix.
class Collector {
 public:
  Collector(std::vector<ConfigKey>& keys, std::string prefix) : keys_(keys), prefix_(std::move(prefix)) {}

  template <class T>
  void operator()(const Option& option, T& field) {
    const std::string name = prefix_ + option.key;
    const auto set = [name, option, &field](const Json& value, Exit exit) {
      if (!read(value, option, field))
        throw Error(exit, name + ": expected " + expectation<T>(option) + ", found " + shown(value));
    };
    keys_.push_back({name, option, spellings<T>(), [&field] { return write(field); }, set, &from_text<T>});
  }

 private:
  std::vector<ConfigKey>& keys_;
  std::string prefix_;
};

template <std::size_t I = 0>
bool make_layer_of(std::string_view type, LayerConfig& layer) {
  if constexpr (I < std::variant_size_v<LayerConfig>) {
    LayerConfig candidate(std::in_place_index<I>);
    if (layer_type(candidate) != type) return make_layer_of<I + 1>(type, layer);
    layer = std::move(candidate);
    return true;
  }
  return false;
}

template <std::size_t... I>
std::vector<std::string> names_of_types(std::index_sequence<I...>) {
  return {layer_type(LayerConfig(std::in_place_index<I>))...};
}

}  // namespace

std::vector<ConfigKey> layer_keys(LayerConfig& layer, const std::string& prefix) {
  std::vector<ConfigKey> keys;
  std::visit([&](auto& config) { fields(config, Collector(keys, prefix)); }, layer);
  return keys;
}

std::vector<ConfigKey> config_keys(RunConfig& config) {
  std::vector<ConfigKey> keys;
  for (std::size_t i = 0; i < config.model.layers.size(); ++i)
    for (ConfigKey& key : layer_keys(config.model.layers[i], layer_key(i) + ".")) keys.push_back(std::move(key));
  fields(config.model, Collector(keys, "model."));
  fields(config.train, Collector(keys, "train."));
  for_each_group(config.optimizer, [&keys](const std::string& name, auto& group) {
    fields(group, Collector(keys, "optimizer." + name + "."));
  });
  return keys;
}

std::vector<std::string> layer_types() {
  return names_of_types(std::make_index_sequence<std::variant_size_v<LayerConfig>>());
}

LayerConfig make_layer(std::string_view type, const std::string& key, Exit exit) {
  LayerConfig layer;
  if (!make_layer_of(type, layer))
    throw Error(exit, key + ": expected " + alternatives(layer_types()) + ", found " + std::string(type));
  return layer;
}

}  // namespace moelm
