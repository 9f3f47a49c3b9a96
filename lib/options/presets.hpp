// Named configurations: models of the paper with its schedule, and sizes for people who want a good model.
#pragma once

#include <string>
#include <vector>

#include "io/json.hpp"

namespace moelm {

/// A name and what it sets: a document as apply_document reads it.
struct Preset {
  std::string name;
  std::string summary;
  Json document;
};

/// All presets, ours first.
const std::vector<Preset>& presets();

/// The preset of that name; Error(usage) with the nearest name if there is none.
const Preset& find_preset(const std::string& name);

}  // namespace moelm
