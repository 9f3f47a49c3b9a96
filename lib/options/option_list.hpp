// Every key of a configuration with its default, unit and meaning: the source of --list-keys and docs/options.md.
#pragma once

#include <string>
#include <vector>

namespace moelm {

/// One key. Layers are counted as N: "model.layers.N.cells" belongs to the section "lstm".
struct OptionEntry {
  std::string section;
  std::string key;
  std::string default_value;
  std::string unit;
  std::string values;  ///< the spellings allowed, or the range, or nothing
  std::string help;
  bool may_change = false;  ///< also for a run that exists
};

/// All keys in the order of the documentation.
std::vector<OptionEntry> list_options();

}  // namespace moelm
