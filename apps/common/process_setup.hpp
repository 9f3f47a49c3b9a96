// The setup of a process, which runs before it starts threads and opens files.
#pragma once

namespace moelm {

/// What happens when the reader of the output goes away.
enum class ClosedPipe {
  ends_program,  ///< quietly, as other filters do (SIGPIPE)
  is_ignored,    ///< the program goes on, because its result is files
};

/// - Opens a closed standard descriptor on /dev/null in the wrong direction. So no file of the program gets its number
///   and receives messages, and reading or writing the descriptor still fails.
/// - Ignores SIGXFSZ, so that a file at the size limit (ulimit -f) fails its write.
/// - Sets SIGPIPE as `closed_pipe` says, whatever the parent process had set.
void set_up_process(ClosedPipe closed_pipe);

}  // namespace moelm
