#include "options/assignments.hpp"

#include "options/config_json.hpp"
#include "options/config_keys.hpp"

namespace moelm {

namespace {

/// The spellings of a value; empty if it is a number or a text.
std::vector<std::string> spellings_of(const ConfigKey& key) {
  if (key.get().is_boolean()) return {"true", "false"};
  return key.values;
}

void append(const std::vector<ConfigKey>& keys, std::vector<std::string>& assignments) {
  for (const ConfigKey& key : keys) {
    assignments.push_back(key.name + "=");
    for (const std::string& value : spellings_of(key)) assignments.push_back(key.name + "=" + value);
  }
}

}  // namespace

std::vector<std::string> key_assignments() {
  RunConfig config;
  LayerConfig moe = MoeConfig{};
  std::vector<std::string> assignments = {"model.layers=", "model.width="};
  append(config_keys(config), assignments);
  append(layer_keys(moe, "moe."), assignments);
  return assignments;
}

}  // namespace moelm
