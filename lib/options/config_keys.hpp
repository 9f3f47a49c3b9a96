// The keys of a run's configuration ("model.layers.2.experts"), with description and access to their values.
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

/// One key of a configuration, which must outlive it.
struct ConfigKey {
  std::string name;
  Option option;
  std::vector<std::string> values;  ///< the spellings of an enum, else empty
  std::function<Json()> get;
  /// Error(exit) with the key, what was expected and what was found, if the value has the wrong type or is out of
  /// range.
  std::function<void(const Json& value, Exit exit)> set;
  /// The JSON value of a text on a command line ("1024,512" is a list). Any other text is a string.
  Json (*from_text)(std::string_view text);
};

/// All keys in the order of the documentation. Changing the list of layers invalidates them.
std::vector<ConfigKey> config_keys(RunConfig& config);

/// The keys of one layer. Their names begin with `prefix` ("model.layers.2.").
std::vector<ConfigKey> layer_keys(LayerConfig& layer, const std::string& prefix);

/// A layer of the named type ("moe") with its defaults. Error(exit) beginning with `key` if there is no such type.
LayerConfig make_layer(std::string_view type, const std::string& key, Exit exit);

/// All names of layer types, in the order of LayerConfig.
std::vector<std::string> layer_types();

}  // namespace moelm
