// Exit codes for failed file operations.
#pragma once

#include <string_view>

#include "base/error.hpp"

namespace moelm {

/// As throw_errno, but exhausted descriptors or memory are Exit::out_of_memory, and where something cannot be created
/// (fallback Exit::cannot_create), so is a missing parent: it is no missing input.
[[noreturn]] void throw_file_error(int error_number, Exit fallback, std::string_view path, std::string_view operation);

}  // namespace moelm
