// What stands around every main: errors become one line on stderr and an exit code.
#pragma once

#include <functional>

#include "common/process_setup.hpp"

namespace moelm {

/// Runs the program and returns its exit code. An Error prints "error: ..." and returns its code; lack of memory
/// returns 71, any other exception is a bug of ours: 70. A result on standard output that could not be written,
/// also a part of it, turns success into 74; a reader that went away does not.
int main_guard(const std::function<int()>& program, ClosedPipe closed_pipe = ClosedPipe::ends_program);

}  // namespace moelm
