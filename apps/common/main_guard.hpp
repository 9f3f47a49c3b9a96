// What stands around every main: errors become one line on stderr and an exit code.
#pragma once

#include <functional>

namespace moelm {

/// What happens when the reader of our output goes away.
enum class ClosedPipe {
  ends_program,  ///< quietly, as other filters do (SIGPIPE)
  is_ignored,    ///< the program goes on: what it is here for are its files
};

/// Runs the program and returns its exit code. An Error prints "error: ..." and returns its code; lack of memory
/// returns 71, any other exception is a bug of ours: 70. Standard output that cannot be written is 74.
int main_guard(const std::function<int()>& program, ClosedPipe closed_pipe = ClosedPipe::ends_program);

}  // namespace moelm
