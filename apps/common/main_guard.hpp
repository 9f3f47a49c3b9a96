// Surrounds every main: errors become one line on stderr and an exit code.
#pragma once

#include <functional>

#include "common/process_setup.hpp"

namespace moelm {

/// Runs the program and returns its exit code. An Error prints "error: ..." and returns its code. Lack of memory
/// returns 71, any other exception 70 (a bug). If standard output could not be written completely, success becomes 74,
/// unless its reader went away.
int main_guard(const std::function<int()>& program, ClosedPipe closed_pipe = ClosedPipe::ends_program);

}  // namespace moelm
