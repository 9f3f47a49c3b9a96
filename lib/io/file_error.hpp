// How the failures of file operations become errors with the right exit code.
#pragma once

#include <string_view>

#include "base/error.hpp"

namespace moelm {

/// throw_errno, with two differences: exhausted descriptors or memory are Exit::out_of_memory, and where something
/// cannot be created (fallback Exit::cannot_create), a missing parent is that too and not missing input.
[[noreturn]] void throw_file_error(int error_number, Exit fallback, std::string_view path, std::string_view operation);

}  // namespace moelm
