// The keys of a run's configuration ("model.layers.2.experts"), each with its description and access to its value.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/option.hpp"
#include "config/train_config.hpp"
#include "io/json.hpp"

namespace moelm {

/// One key of one configuration object, which must outlive it.
struct ConfigKey {
  std::string name;
  Option option;
  std::vector<std::string> values;  ///< the spellings that an enum has
  std::function<Json()> get;
  /// Throws Error(exit) naming the key, what was expected and what was found, if the value has the wrong type or is out
  /// of range.
  std::function<void(const Json& value, Exit exit)> set;
  /// The JSON value that a text on a command line stands for ("1024,512" for a list); a string if it is none.
  Json (*from_text)(std::string_view text);
};

/// All keys in the order of the documentation. They are invalid once model.layers gets other layers.
std::vector<ConfigKey> config_keys(RunConfig& config);

/// The keys of one layer, their names led by `prefix` ("model.layers.2.").
std::vector<ConfigKey> layer_keys(LayerConfig& layer, const std::string& prefix);

/// A layer of the type of that name ("moe") with its defaults; Error(exit) led by `key` if there is none.
LayerConfig make_layer(std::string_view type, const std::string& key, Exit exit);

/// All names of layer types, in the order of LayerConfig.
std::vector<std::string> layer_types();

}  // namespace moelm
