// The text of --help.
#pragma once

#include <string>

#include "base/index.hpp"
#include "common/command_description.hpp"

namespace moelm {

/// Usage, options, examples and exit codes, broken at `width` columns.
std::string help_text(const CommandDescription& command, Index width);

}  // namespace moelm
