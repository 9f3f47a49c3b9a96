#include "options/presets.hpp"

#include "base/error.hpp"
#include "base/nearest.hpp"
#include "options/presets_json.hpp"

namespace moelm {

namespace {

std::vector<Preset> read_presets() {
  std::vector<Preset> presets;
  for (const Json& preset : parse_json(kPresetsJson, "presets.json"))
    presets.push_back({preset["name"].get<std::string>(), preset["summary"].get<std::string>(), preset["config"]});
  return presets;
}

}  // namespace

const std::vector<Preset>& presets() {
  static const std::vector<Preset> all = read_presets();
  return all;
}

const Preset& find_preset(const std::string& name) {
  std::vector<std::string> names;
  for (const Preset& preset : presets()) {
    if (preset.name == name) return preset;
    names.push_back(preset.name);
  }
  const std::string near = near_miss(name, names);
  throw Error(Exit::usage, "--preset " + name + ": unknown preset; " +
                               (near.empty() ? "see moe-train --list-presets" : "did you mean " + near + "?"));
}

}  // namespace moelm
