// Exit codes for failed file operations.
#pragma once

#include <string_view>

#include "base/error.hpp"

namespace moelm {

/// As throw_errno, with three exceptions. Exhausted descriptors or memory are Exit::out_of_memory. A full or failing
/// disk is Exit::io. If the fallback is Exit::cannot_create, a missing parent folder is Exit::cannot_create too.
[[noreturn]] void throw_file_error(int error_number, Exit fallback, std::string_view path, std::string_view operation);

}  // namespace moelm
