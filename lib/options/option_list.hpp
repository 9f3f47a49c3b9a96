// Every key of a configuration with default, unit and meaning: the source of --list-keys and docs/options.md.
#pragma once

#include <string>
#include <vector>

namespace moelm {

/// One key. Its layer is N: "model.layers.N.cells" belongs to the section "lstm".
struct OptionEntry {
  std::string section;
  std::string key;
  std::string default_value;
  std::string unit;
  std::string values;  ///< the allowed spellings or the range; may be empty
  std::string help;
  bool may_change = false;  ///< whether an existing run can change it
};

/// All keys in the order of the documentation.
std::vector<OptionEntry> list_options();

}  // namespace moelm
