// The manual page of a program, section 1.
#pragma once

#include <string>

#include "common/command_description.hpp"

namespace moelm {

/// In roff, for man(1) and mandoc(1).
std::string man_page(const CommandDescription& command);

}  // namespace moelm
